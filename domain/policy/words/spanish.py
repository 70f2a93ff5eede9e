"""The texts in Spanish, as schools in the United States write it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SPANISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        # a policy, stage by stage
        "rollup.children": "Esta competencia se compone de otras, y los valores de ellas son sus calificaciones: "
        "{children}.",
        "rollup.framework": "Una competencia que en el marco se compone de otras tiene los valores de ellas como sus "
        "calificaciones.",
        "rollup.block": "Mientras una de ellas no tenga valor, no hay nivel.",
        "rollup.ignore": "La que no tiene valor no se toma en cuenta.",
        "rollup.zero": "La que no tiene valor cuenta como 0.",
        "rollup.met_at": "Cada una cuenta como 1 con {met_at} o más, y si no, como 0.",
        "rollup.points": "Cada una cuenta según su nivel: {points}.",
        "validity.days": "Una calificación cuenta durante {days:día|días} después del trabajo, a menos que traiga su "
        "propio fin.",
        "validity.own": "Una calificación que trae su propio fin cuenta hasta entonces.",
        "validity.counts": "En su último momento, una calificación todavía cuenta.",
        "validity.does_not_count": "En su último momento, una calificación ya no cuenta.",
        "select.all": "Cuentan los trabajos de todo tipo, sin importar quién los calificó.",
        "select.kinds": "Solo cuentan los trabajos de estos tipos: {kinds}.",
        "select.exclude_kinds": "Los trabajos de estos tipos no cuentan: {exclude_kinds}.",
        "select.kinds.of_parts": "De ellas solo cuentan estas: {kinds}.",
        "select.exclude_kinds.of_parts": "De ellas no cuentan estas: {exclude_kinds}.",
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
        "window": "Solo se miran las últimas {latest} calificaciones.",
        "window.one": "Solo se mira la última calificación.",
        "weigh.own": "Cada calificación tiene el peso con el que se puso.",
        "weigh.by_kind": "Los trabajos del tipo {kind} tienen un peso de {weight}.",
        "weigh.not": "Los trabajos del tipo {kind} no cuentan.",
        "weigh.other_kinds": "Los trabajos de cualquier otro tipo tienen un peso de {weight}.",
        "weigh.other_not": "Los trabajos de cualquier otro tipo no cuentan.",
        "weigh.by_kind.of_parts": "La competencia {kind} tiene un peso de {weight}.",
        "weigh.not.of_parts": "La competencia {kind} no cuenta.",
        "weigh.other_kinds.of_parts": "Cualquier otra tiene un peso de {weight}.",
        "weigh.other_not.of_parts": "Ninguna otra cuenta.",
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
        "combine.mean_of_latest": "El valor es el promedio de las últimas {count} calificaciones.",
        "combine.mean_of_latest.one": "El valor es la última calificación.",
        "combine.mean_of_highest": "El valor es el promedio de las mejores {count} calificaciones.",
        "combine.mean_of_highest.one": "El valor es la mejor calificación.",
        "combine.lowest": "El valor es la calificación más baja.",
        "combine.mean_without_lowest": "El valor es el promedio de lo que queda sin las {count} calificaciones más "
        "bajas.",
        "combine.mean_without_lowest.one": "El valor es el promedio de lo que queda sin la calificación más baja.",
        "combine.weighted_places": "El valor es el promedio de las últimas calificaciones según el peso de su lugar, "
        "con la más reciente al final: {weights}.",
        "combine.sum": "El valor es la suma de todas las calificaciones que cuentan.",
        "combine.mean_with_extra_credit": "El valor es el promedio de las calificaciones que cuentan, más los puntos "
        "adicionales.",
        "combine.half_life": "El valor es el promedio de todas las calificaciones; una calificación pesa la mitad que "
        "otra que es {days:día|días} más reciente.",
        "combine.power_law": "El valor es el punto de una curva trazada por las calificaciones en la última de ellas; "
        "con menos de {fewest:calificación|calificaciones} es su promedio, y una menor que {floor} cuenta como "
        "{floor}.",
        "combine.power_law.one": "El valor es el punto de una curva trazada por las calificaciones en la última de "
        "ellas; una calificación menor que {floor} cuenta como {floor}.",
        "combine.bkt@1": "El valor es la probabilidad de que se domine la habilidad, y {right_at} o más es correcto: "
        "{prior} al principio, se aprende en cada paso con {learn}, se olvida con {forget}, se adivina con {guess}, "
        "se falla por descuido con {slip}.",
        "combine.elo@1": "El valor es una puntuación que empieza en {start} y cambia a lo sumo {k} con cada "
        "calificación, más cuando el resultado sorprende; {right_at} o más es correcto.",
        "combine.irt_2pl_eap@1": "El valor es la capacidad, de {low} a {high}, que mejor concuerda con los resultados "
        "y la dificultad de las tareas; {right_at} o más es correcto.",
        "combine.khan@1": "El valor es un peldaño: 0 sin empezar, 1 intentado, 2 familiar, 3 competente, 4 dominado; "
        "los trabajos de estos tipos son ejercicios, los demás, preguntas de una prueba mixta: {exercises}.",
        "combine.durable@1": "El valor es un peldaño: 0 nada, 1 en desarrollo, 2 provisional, 3 repaso pendiente, "
        "4 firme; para ser firme hacen falta trabajos correctos de los tipos {independent}, {transfer} y {delayed}, el "
        "último {delay_days:día|días} o más después del primero, y un {review} correcto tras estos días cada vez: "
        "{review_days}.",
        "combine.moodle_competency@1": "El valor es la nota: una tarea completada da {default_grade} una sola vez, y "
        "la nota que pone una persona la reemplaza.",
        "combine.assertions@1": "El valor sopesa lo que se afirma a favor y en contra: 0 desconocido, 1 falso, "
        "2 ambos, 3 verdadero.",
        "combine.assertion_relation@1": "El valor es lo que dicen de esta competencia las afirmaciones sobre otras, "
        "{relation}: 0 desconocido, 1 falso, 2 ambos, 3 verdadero.",
        "combine.criteria@1": "El valor es 1 cuando esto se cumple, y si no, 0: {tree}.",
        "criterion.gte": "la tarea {task} con {value} o más",
        "criterion.lte": "la tarea {task} con {value} o menos",
        "criterion.eq": "la tarea {task} con {value} exactamente",
        "criterion.latest": "en su última calificación, {criterion}",
        "criteria.and": "todo lo siguiente ({parts})",
        "criteria.or": "algo de lo siguiente ({parts})",
        "relation.and": "todas ellas necesarias",
        "relation.or": "de las que basta una",
        "relation.narrows": "a las que esta precisa",
        "relation.broadens": "a las que esta amplía",
        "relation.requires": "que esta requiere",
        "relation.is_required_by": "que requieren esta",
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
        "require.count_at_least.of_parts": "Al menos {count_at_least:de ellas tiene|de ellas tienen} que contar.",
        "require.kinds_at_least.of_parts": "Al menos {kinds_at_least:de ellas tiene|de ellas tienen} que contar.",
        "require.at_or_above.of_parts": "Al menos {count:de ellas tiene|de ellas tienen} que ser de {value} o más.",
        "require.at_or_above.of_kinds.of_parts": "Al menos {count:de estas tiene|de estas tienen} que ser de {value} o "
        "más: {kinds}.",
        "unmet.insufficient": "Hasta que se cumplan todos los requisitos no se muestra ningún nivel: "
        "todavía no hay suficiente evidencia.",
        "unmet.cap": "Hasta que se cumplan todos los requisitos el nivel es, como máximo, {cap}.",
        "round.whole": "El valor se redondea a un número entero; {mode}.",
        "round.places": "El valor se redondea a {places:cifra decimal|cifras decimales}; {mode}.",
        "mode.half_up": "la mitad se redondea hacia arriba",
        "mode.half_even": "la mitad se redondea a la cifra par",
        "mode.down": "lo que sobra no se toma en cuenta",
        "adjust.times": "Después el valor se multiplica por {times}.",
        "adjust.at_most": "El valor es {at_most} como máximo.",
        "adjust.at_most_by_count": "Con {count:calificación|calificaciones} o menos, el valor es, como máximo, "
        "{at_most}.",
        "levels.none": "Hay un valor, pero ningún nivel.",
        "levels.level": "El nivel {code} se alcanza con {at} o más.",
        "prerequisites.cap": "Hasta que la competencia {competency} llegue a {at} o más, el nivel es, como máximo, "
        "{cap}.",
        "prerequisites": "Hasta que la competencia {competency} llegue a {at} o más, no hay nivel.",
        "hold.follow": "Las calificaciones posteriores pueden subir y bajar un nivel.",
        "hold.never_lower": "Las calificaciones posteriores nunca bajan un nivel.",
        "hold.recompute": "Cuando cambia la política, todo el trabajo se revisa según la nueva.",
        "hold.keep": "Cuando cambia la política, el nivel que se alcanzó se conserva.",
        "hold.forward_only": "Cuando cambia la política, un nivel solo cambia cuando llega una calificación nueva.",
        "judgement.allowed": "La decisión de un docente, con su motivo, vale más que el nivel calculado; se muestran "
        "ambos.",
        "judgement.not": "La decisión de un docente se muestra junto al nivel calculado, y no lo cambia.",
        "mastered": "Desde el nivel {level}, la competencia cuenta como dominada y el alumno puede avanzar.",
        "convert": "Un valor de {at} o más se comunica como {mark}.",
        # the explanation of one level
        "explain.no_evidence": 'Todavía no cuenta nada para el alumno {learner} en "{goal}"',
        "explain.insufficient": "Todavía no hay suficiente evidencia para decir hasta dónde ha llegado el alumno "
        '{learner} en "{goal}"',
        "explain.no_level": 'El alumno {learner} todavía no alcanza ningún nivel en "{goal}"',
        "explain.level": 'El alumno {learner} está en el nivel {level} en "{goal}"',
        "explain.under": '{standing}, según la política "{policy}" (versión {version}).',
        "explain.judged": "Decisión de {role} {actor} el {day}: {level}{because}; {holds}, el nivel calculado es "
        "{computed}.",
        "explain.judged.unnamed": "Decisión de un docente: {level}; {holds}, el nivel calculado es {computed}.",
        "explain.kept.never_lower.tried": "El nivel se mantiene en {level}, porque el cambio de política no baja "
        "ninguno; el nivel calculado es {computed}.",
        "explain.kept.after_next_evidence.tried": "El nivel se mantiene en {level}, de antes del cambio de política, "
        "hasta la próxima calificación; el nivel calculado es {computed}.",
        "explain.kept.never_lower": "El nivel se mantiene en {level} desde el cambio de política del {day}, que no "
        "baja ninguno; el nivel calculado es {computed}.",
        "explain.kept.after_next_evidence": "El nivel se mantiene en {level} desde el cambio de política del {day}, "
        "hasta la próxima calificación; el nivel calculado es {computed}.",
        "explain.because": ", porque: {reason}",
        "explain.holds": "es lo que vale",
        "explain.holds_until": "es lo que vale hasta el {day}",
        "explain.does_not_hold": "la política no permite que valga",
        "explain.none": "ninguno",
        "explain.basis": "{used} de {all:calificación|calificaciones} {used:~forma|forman} el valor {value}.",
        "explain.dropped.alone": "De {all:calificación|calificaciones}, {parts}.",
        "explain.dropped": "De las demás, {parts}.",
        "explain.not_met": "Requisitos que todavía no se cumplen: {parts}.",
        "explain.held_down": "Requisitos que limitan el nivel: {parts}.",
        "explain.out_of_bounds": 'Las calificaciones del alumno {learner} en "{goal}" son demasiado grandes para '
        "sumarlas",
        "explain.made_of": "Se compone de otras: {parts}.",
        "explain.part.known": "{competency} está en {standing}",
        "explain.part.counted": "{competency} está en {standing} y cuenta como {counted}",
        "explain.part.left_out": "{competency} está en {standing}, que no cuenta",
        "explain.part.unknown": "todavía no se sabe nada de {competency}",
        "explain.part.unknown.counted": "todavía no se sabe nada de {competency}, que cuenta como {counted}",
        "explain.value": "Juntas forman el valor {value}.",
        "explain.mark": "Se comunica como {mark}.",
        "explain.expired": "{expired:calificación ya no cuenta|calificaciones ya no cuentan}, porque su tiempo "
        "terminó.",
        "explain.valid_until": "Si no llega nada nuevo, esto puede cambiar el {day}.",
        "explain.missing": "Al valor le faltan {missing} para {level}.",
        # what changed of a level since a day, and what changed it
        "changed.since": "Desde el {day} el nivel pasó de {then} a {now}.",
        "changed.same": "Desde el {day} el nivel es el mismo: {now}.",
        "changed.no_level": "ningún nivel",
        "changed.no_value": "ninguno",
        "changed.level": "El {day} pasó de {before} a {after}: {cause}.",
        "changed.value": "El {day} solo cambió su valor de {before} a {after}: {cause}.",
        "changed.by": "{what}, por {role} {actor}{because}",
        "changed.by_rule": 'la regla: {what}, con lo que decide la política "{policy}" (versión {version}), por '
        "{actor}{because}",
        "changed.built_in": "incorporada",
        "changed.verdict": "Lo que cambió el nivel: {kinds:and}.",
        "changed.alone": "Solo la nueva regla, con el trabajo de entonces, habría dado {rule}; solo el nuevo trabajo, "
        "con la regla de entonces, {work}.",
        "and": " y ",
        "cause.work": "el trabajo",
        "cause.judgement": "el juicio de una persona",
        "cause.rule": "la regla",
        "cause.place": "dónde aprende el alumno",
        "cause.framework": "el marco",
        "cause.time": "el tiempo",
        "event.score.given.v1": "el trabajo: se puso una calificación",
        "event.score.corrected.v1": "el trabajo: se corrigió una calificación",
        "event.score.voided.v1": "el trabajo: se anuló una calificación",
        "event.evidence.withdrawn.v1": "el trabajo: se retiró una evidencia",
        "event.judgement.recorded.v1": "un juicio",
        "event.judgement.lifted.v1": "el fin de un juicio",
        "event.enrolment.opened.v1": "el alumno fue inscrito",
        "event.enrolment.closed.v1": "una inscripción terminó",
        "event.framework.published.v1": "una nueva edición del marco",
        "event.calendar.day_begun.v1": "pasó el tiempo",
        "event.policy.activated.v1": "una política entró en vigor",
        "event.policy.rolled_back.v1": "se revirtió una política",
        "event.policy.retired.v1": "se retiró una política",
        "next.to_level": "Para llegar a {level}: {parts}.",
        "next.open": "Todavía hace falta: {parts}.",
        "next.none": "No queda ningún nivel más alto.",
        "next.value": "{missing} más en el valor",
        "next.first": "una primera calificación que cuente",
        "next.part": "una primera calificación en {competency}",
        "next.prerequisite": "la competencia {competency} en {at} o más",
        "next.again.latest": "La tarea {task} puede repetirse: cuenta su última calificación.",
        "next.again.highest": "La tarea {task} puede repetirse: cuenta su mejor calificación.",
        "need.count_at_least": "{lacking:calificación|calificaciones} más",
        "need.kinds_at_least": "{lacking:tipo|tipos} de evidencia más",
        "need.at_or_above": "{lacking:calificación|calificaciones} más de {value} o más",
        "need.at_or_above.of_kinds": "{lacking:calificación|calificaciones} más del tipo {kinds:or}, de {value} o más",
        "need.count_at_least.of_parts": "{lacking} más de sus partes",
        "need.kinds_at_least.of_parts": "{lacking} más de sus partes",
        "need.at_or_above.of_parts": "{lacking} más de sus partes en {value} o más",
        "need.at_or_above.of_kinds.of_parts": "{lacking} más de {kinds:or} en {value} o más",
        "or": " o ",
        # why a score has no weight, continuing "of the others, ..."
        "dropped.kind-not-selected": "{count:es|son} de un tipo que la política deja fuera",
        "dropped.role-not-selected": "{count:se puso|se pusieron} en una función que la política deja fuera",
        "dropped.weight-zero": "{count:no tiene|no tienen} peso según la política",
        "dropped.replaced-in-its-task": "{count:fue reemplazada|fueron reemplazadas} por otra de la misma tarea",
        "dropped.averaged-in-its-task": "{count:se promedió|se promediaron} con otras de la misma tarea",
        "dropped.over": "{count:es|son} de hace demasiado tiempo para contar",
        "dropped.too-large": "{count:es|son} demasiado grandes para sumarse",
        "dropped.not-of-a-part": "{count:es|son} del conjunto, sobre el que deciden sus partes",
        "dropped.not-latest": "{count:no es la última|no son la última}",
        "dropped.not-highest": "{count:no es la más alta|no son la más alta}",
        "dropped.not-lowest": "{count:no es la más baja|no son la más baja}",
        "dropped.not-among-latest": "{count:no está|no están} entre las últimas",
        "dropped.not-among-highest": "{count:no está|no están} entre las más altas",
        "dropped.among-the-lowest": "{count:está|están} entre las más bajas",
        "dropped.not-in-the-middle": "{count:no está|no están} en medio",
        "dropped.not-most-frequent": "{count:no es|no son} el valor que más se repite",
        "dropped.decayed": "{count:es demasiado antigua|son demasiado antiguas} para pesar",
        "dropped.below-the-bar": "{count:está|están} por debajo del mínimo",
        "dropped.after-the-level": "{count:se puso|se pusieron} después y no {count:~puede|pueden} bajar un nivel ya "
        "alcanzado",
        "dropped.before-the-reach": "{count:es|son} de un trabajo anterior al día desde el que cuenta la política",
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
