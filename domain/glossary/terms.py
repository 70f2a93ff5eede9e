"""The terms of the glossary in English and Spanish: label, meaning, and other names in use for the same.

Source: the common-language list of a families' guide to customized learning; STYLE.md's words for the rest.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.policy.words.catalogue import Language

EN, ES = Language.ENGLISH, Language.SPANISH


class Said(NamedTuple):
    """A term in one language."""

    label: str
    meaning: str
    aliases: tuple[str, ...] = ()


TERMS: Final[Mapping[str, Mapping[Language, Said]]] = MappingProxyType(
    {
        "competency": {
            EN: Said(
                "Competency",
                "One statement of knowledge, skill or mindset that a learner can show.",
                ("standard", "target"),
            ),
            ES: Said(
                "Competencia",
                "Un conocimiento, una habilidad o una actitud que el alumno puede demostrar.",
                ("estándar",),
            ),
        },
        "competency-based-education": {
            EN: Said(
                "Competency-based education",
                "Learners move on when they show mastery, not when a term ends.",
                ("mastery-based", "proficiency-based", "performance-based"),
            ),
            ES: Said(
                "Educación por competencias",
                "Los alumnos avanzan cuando demuestran dominio, no cuando termina un período.",
                ("basada en el dominio", "basada en el desempeño"),
            ),
        },
        "competency-based-learning": {
            EN: Said(
                "Competency-based learning", "Learning toward clear targets, with as much time and help as it takes."
            ),
            ES: Said(
                "Aprendizaje por competencias", "Aprender hacia metas claras, con el tiempo y la ayuda necesarios."
            ),
        },
        "competency-based-grading": {
            EN: Said(
                "Competency-based grading",
                "A report of levels on each competency instead of one averaged grade.",
                ("standards-based grading",),
            ),
            ES: Said(
                "Calificación por competencias",
                "Un informe del nivel en cada competencia en lugar de un promedio.",
                ("calificación por estándares",),
            ),
        },
        "mastery-tracking": {
            EN: Said("Mastery tracking", "Seeing at any time which competencies are mastered, and why."),
            ES: Said("Seguimiento del dominio", "Ver en todo momento qué competencias se dominan y por qué."),
        },
        "mastered": {
            EN: Said("Mastered", "At the level from which a learner may move on.", ("proficient", "met")),
            ES: Said("Dominada", "En el nivel desde el cual el alumno puede avanzar.", ("lograda",)),
        },
        "level": {
            EN: Said("Level", "One of the ordered steps of a proficiency scale, such as developing."),
            ES: Said("Nivel", "Uno de los pasos ordenados de una escala de dominio."),
        },
        "evidence": {
            EN: Said("Evidence", "A learner's work, or an observation of it.", ("artifact",)),
            ES: Said("Evidencia", "Un trabajo del alumno, o una observación de ese trabajo."),
        },
        "score": {
            EN: Said("Score", "A value that an assessor gave a piece of evidence for a competency."),
            ES: Said("Puntuación", "El valor que alguien dio a una evidencia para una competencia."),
        },
        "judgement": {
            EN: Said("Judgement", "An educator's decision over the computed level, with a reason."),
            ES: Said("Juicio", "La decisión de un docente sobre el nivel calculado, con una razón."),
        },
        "policy": {
            EN: Said("Mastery policy", "The rule that turns scores into a level."),
            ES: Said("Política de dominio", "La regla que convierte puntuaciones en un nivel."),
        },
        "goal": {
            EN: Said("Goal", "What a learner aims at, signed by learner, family and teacher."),
            ES: Said("Meta", "Lo que el alumno se propone, firmado por alumno, familia y docente."),
        },
        "pathway": {
            EN: Said(
                "Pathway",
                "The steps of one learner toward competencies, in order.",
                ("personal learning path",),
            ),
            ES: Said(
                "Ruta",
                "Los pasos de un alumno hacia competencias, en orden.",
                ("ruta personal de aprendizaje",),
            ),
        },
        "advancement": {
            EN: Said("Advancement", "Moving on from a competency as soon as it is mastered."),
            ES: Said("Avance", "Pasar a otra competencia en cuanto esta se domina."),
        },
        "credit": {
            EN: Said("Credit", "What a learner earned by mastering competencies, whatever the time it took."),
            ES: Said("Crédito", "Lo que el alumno ganó al dominar competencias, sin importar el tiempo."),
        },
        "report-card": {
            EN: Said("Report card", "A report of levels by competency, as they were on a day."),
            ES: Said("Boleta", "Un informe del nivel en cada competencia en una fecha.", ("boletín",)),
        },
        "support": {
            EN: Said("Support", "Help that a learner is given to master something."),
            ES: Said("Apoyo", "Ayuda que el alumno recibe para dominar algo."),
        },
        "feedback": {
            EN: Said("Feedback", "Words on a learner's work: what it shows and what comes next."),
            ES: Said("Retroalimentación", "Palabras sobre el trabajo del alumno: qué muestra y qué sigue."),
        },
    }
)
"""Code -> language -> the term. Codes are stable; a district may change every label."""
