"""A policy with every stage, told in Spanish."""

from typing import Final

from domain.policy.document import parse_policy
from domain.policy.words.catalogue import Language
from domain.policy.words.sentences import STAGES, tell

EVERYTHING: Final = parse_policy(
    {
        "name": "Everything",
        "rollup": {"children": ["c1", "c2"], "unknown": "zero", "points": {"high": "2"}},
        "validity": {"days": 365},
        "select": {"exclude_kinds": ["practice"], "roles": ["teacher"]},
        "normalise": {"to_max": "4"},
        "replace": {"keep": "latest", "kinds": ["quiz"]},
        "window": {"latest": 1},
        "weigh": {"own": True, "by_kind": {"quiz": "0.5", "draft": 0}},
        "combine": {"op": "weighted_mean"},
        "require": [{"count_at_least": 2}, {"at_or_above": {"value": "3.5", "count": 1}}],
        "unmet": {"cap": "low"},
        "round": {"places": 1, "mode": "half_even"},
        "adjust": {"times": "2", "at_most": "7", "at_most_by_count": [{"count": 1, "at_most": "5"}]},
        "levels": [{"code": "low", "at": "0"}, {"code": "high", "at": "3.5"}],
        "prerequisites": [{"competency": "c0", "at": "3", "cap": "low"}, {"competency": "c9", "at": "2"}],
        "hold": {"scores": "never_lower", "change": "keep"},
        "judgement": {"allowed": False},
        "mastered": "high",
        "convert": [{"mark": "A", "at": "3.5"}],
    }
)
SPANISH: Final = """\
Esta competencia se compone de otras, y los valores de ellas son sus calificaciones: c1, c2.
La que no tiene valor cuenta como 0.
Cada una cuenta según su nivel: high 2.
Una calificación cuenta durante 365 días después del trabajo, a menos que traiga su propio fin.
En su último momento, una calificación ya no cuenta.
De ellas no cuentan estas: practice.
Solo cuentan las calificaciones puestas en estas funciones: docente.
Cada calificación se convierte de modo que la nota completa es 4.
Cuando una tarea se repite, la última calificación reemplaza a las anteriores.
Esto vale para los trabajos de estos tipos: quiz.
Solo se mira la última calificación.
Cada calificación tiene el peso con el que se puso.
La competencia quiz tiene un peso de 0.5.
La competencia draft no cuenta.
Cualquier otra tiene un peso de 1.
El valor es el promedio de todas las calificaciones que cuentan, según su peso.
Al menos 2 de ellas tienen que contar.
Al menos 1 de ellas tiene que ser de 3.5 o más.
Hasta que se cumplan todos los requisitos el nivel es, como máximo, low.
El valor se redondea a 1 cifra decimal; la mitad se redondea a la cifra par.
Después el valor se multiplica por 2.
El valor es 7 como máximo.
Con 1 calificación o menos, el valor es, como máximo, 5.
El nivel low se alcanza con 0 o más.
El nivel high se alcanza con 3.5 o más.
Las calificaciones posteriores nunca bajan un nivel.
Cuando cambia la política, el nivel que se alcanzó se conserva.
Hasta que la competencia c0 llegue a 3 o más, el nivel es, como máximo, low.
Hasta que la competencia c9 llegue a 2 o más, no hay nivel.
La decisión de un docente se muestra junto al nivel calculado, y no lo cambia.
Desde el nivel high, la competencia cuenta como dominada y el alumno puede avanzar.
Un valor de 3.5 o más se comunica como A.""".splitlines()


def test_a_policy_with_every_stage_is_told_in_spanish_in_the_order_of_the_stages() -> None:
    told = tell(EVERYTHING, Language.SPANISH)
    assert [one.text for one in told] == SPANISH
    places = list(dict.fromkeys(one.place.split(".")[0] for one in told))
    assert places == [stage for stage in STAGES if stage != "clock"], "parts have no order"
