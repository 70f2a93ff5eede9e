"""The texts in Spanish, as schools in the United States write it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SPANISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        # a policy, stage by stage
        "select.all": "Cuentan los trabajos de todo tipo, sin importar quién los calificó.",
        "select.kinds": "Solo cuentan los trabajos de estos tipos: {kinds}.",
        "select.exclude_kinds": "Los trabajos de estos tipos no cuentan: {exclude_kinds}.",
        "select.roles": "Solo cuentan las calificaciones puestas en estas funciones: {roles}.",
        "clock.occurred": "Las calificaciones siguen el orden en que se hizo el trabajo.",
        "clock.recorded": "Las calificaciones siguen el orden en que se registraron.",
        "clock.listed": "Las calificaciones siguen el orden en que aparecen en la lista.",
        "normalise": "Cada calificación se convierte de modo que la nota completa es {to_max}.",
        "replace.latest": "Cuando una tarea se repite, la última calificación reemplaza a las anteriores.",
        "replace.highest": "Cuando una tarea se repite, cuenta la mejor calificación.",
        "replace.first": "Cuando una tarea se repite, cuenta la primera calificación.",
        "replace.mean": "Cuando una tarea se repite, cuenta el promedio de sus calificaciones.",
        "replace.pooled": "Cuando una tarea se repite, los puntos de todos los intentos cuentan juntos.",
        "replace.kinds": "Esto vale para los trabajos de estos tipos: {kinds}.",
        "weigh.own": "Cada calificación tiene el peso con el que se puso.",
        "weigh.by_kind": "Los trabajos del tipo {kind} tienen un peso de {weight}.",
        "weigh.not": "Los trabajos del tipo {kind} no cuentan.",
        "weigh.other_kinds": "Los trabajos de cualquier otro tipo tienen un peso de {weight}.",
        "combine.latest": "El valor es la última calificación.",
        "combine.highest": "El valor es la mejor calificación.",
        "combine.mean": "El valor es el promedio de todas las calificaciones que cuentan.",
        "combine.weighted_mean": "El valor es el promedio de todas las calificaciones que cuentan, según su peso.",
        "combine.mean_of_kinds": "El valor es el promedio de cada tipo de trabajo y después el promedio de los tipos, "
        "según su peso.",
        "combine.median": "El valor es la calificación de en medio; si son pares, el promedio de las dos de en medio.",
        "combine.mode": "El valor es la calificación que más se repite; si son varias, {tie}.",
        "combine.latest_versus_rest": "La última calificación forma el {latest:percent}% del valor, y el promedio de "
        "las anteriores, el resto.",
        "combine.decaying": "Cada calificación nueva forma el {rate:percent}% del valor, y lo que se sabía antes, "
        "el resto.",
        "combine.mean_at_or_above": "El valor es el promedio de las calificaciones de {value} o más.",
        "combine.mean_of_latest": "El valor es el promedio de las últimas calificaciones ({count}).",
        "combine.mean_of_highest": "El valor es el promedio de las mejores calificaciones ({count}).",
        "tie.most_recent": "la más reciente",
        "tie.highest": "la más alta",
        "tie.lowest": "la más baja",
        "tie.mean": "el promedio de ellas",
        "require.none": "Una sola calificación basta para alcanzar un nivel.",
        "require.count_at_least": "Al menos {count_at_least:calificación tiene|calificaciones tienen} que contar.",
        "require.kinds_at_least": "Tiene que haber trabajos de al menos {kinds_at_least:tipo|tipos}.",
        "require.at_or_above": "Al menos {count:calificación tiene|calificaciones tienen} que ser de {value} o más.",
        "require.at_or_above.of_kinds": "Al menos {count:calificación tiene|calificaciones tienen} que ser de "
        "{value} o más, en trabajos de estos tipos: {kinds}.",
        "unmet.insufficient": "Hasta que se cumplan todos los requisitos no se muestra ningún nivel: "
        "todavía no hay suficiente evidencia.",
        "unmet.cap": "Hasta que se cumplan todos los requisitos el nivel es, como máximo, {cap}.",
        "round.whole": "El valor se redondea a un número entero; {mode}.",
        "round.places": "El valor se redondea a {places:cifra decimal|cifras decimales}; {mode}.",
        "mode.half_up": "la mitad se redondea hacia arriba",
        "mode.half_even": "la mitad se redondea a la cifra par",
        "mode.down": "lo que sobra no se toma en cuenta",
        "levels.none": "Hay un valor, pero ningún nivel.",
        "levels.level": "El nivel {code} se alcanza con {at} o más.",
        "judgement.allowed": "La decisión de un docente, con su motivo, vale más que el nivel calculado; se muestran "
        "ambos.",
        "judgement.not": "La decisión de un docente se muestra junto al nivel calculado, y no lo cambia.",
        # the explanation of one level
        "explain.no_evidence": 'Todavía no cuenta nada para el alumno {learner} en "{goal}"',
        "explain.insufficient": "Todavía no hay suficiente evidencia para decir hasta dónde ha llegado el alumno "
        '{learner} en "{goal}"',
        "explain.no_level": 'El alumno {learner} todavía no alcanza ningún nivel en "{goal}"',
        "explain.level": 'El alumno {learner} está en el nivel {level} en "{goal}"',
        "explain.under": '{standing}, según la política "{policy}" (versión {version}).',
        "explain.judged": "Decisión de {role} {actor} el {day}: {level}{because}; {holds}, el nivel calculado es "
        "{computed}.",
        "explain.because": ", porque: {reason}",
        "explain.holds": "es lo que vale",
        "explain.does_not_hold": "la política no permite que valga",
        "explain.none": "ninguno",
        "explain.basis": "{used} de {all:calificación|calificaciones} {used:~forma|forman} el valor {value}.",
        "explain.dropped": "De las demás, {parts}.",
        "explain.not_met": "Requisitos que todavía no se cumplen: {parts}.",
        "explain.held_down": "Requisitos que limitan el nivel: {parts}.",
        "explain.missing": "Al valor le faltan {missing} para {level}.",
        "need.count_at_least": "{lacking:calificación|calificaciones} más",
        "need.kinds_at_least": "{lacking:tipo|tipos} de evidencia más",
        "need.at_or_above": "{lacking:calificación|calificaciones} más de {value} o más",
        "need.at_or_above.of_kinds": "{lacking:calificación|calificaciones} más del tipo {kinds:or}, de {value} o más",
        "or": " o ",
        # why a score has no weight, continuing "of the others, ..."
        "dropped.kind-not-selected": "{count:es|son} de un tipo que la política deja fuera",
        "dropped.role-not-selected": "{count:se puso|se pusieron} en una función que la política deja fuera",
        "dropped.weight-zero": "{count:no tiene|no tienen} peso según la política",
        "dropped.replaced-in-its-task": "{count:fue reemplazada|fueron reemplazadas} por otra de la misma tarea",
        "dropped.averaged-in-its-task": "{count:se promedió|se promediaron} con otras de la misma tarea",
        "dropped.not-latest": "{count:no es la última|no son la última}",
        "dropped.not-highest": "{count:no es la más alta|no son la más alta}",
        "dropped.not-in-the-middle": "{count:no está|no están} en medio",
        "dropped.not-most-frequent": "{count:no es|no son} el valor que más se repite",
        "dropped.decayed": "{count:es demasiado antigua|son demasiado antiguas} para pesar",
        "dropped.below-the-bar": "{count:está|están} por debajo del mínimo",
        # who
        "role.learner": "alumno",
        "role.guardian": "familia",
        "role.teacher": "docente",
        "role.administrator": "administración",
        "role.auditor": "auditoría",
        "role.service": "servicio",
        "role.system": "sistema",
    }
)
