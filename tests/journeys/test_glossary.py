"""The words that people meet, in their language and as their district calls them."""

import pytest

from domain.glossary.terms import TERMS
from domain.policy.words.catalogue import Language
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, GUARDIAN, TEACHER

pytestmark = pytest.mark.anyio


async def labels(public: Public, lang: str) -> dict[str, str]:
    terms = (await public.ask("glossary", GUARDIAN, lang=lang))["terms"]
    return {one["code"]: one["label"] for one in terms}


def test_every_term_is_told_in_every_language() -> None:
    assert all(set(said) == set(Language) for said in TERMS.values())


@pytest.mark.need("NEED-72")
async def test_a_family_reads_what_the_words_mean_in_its_language(public: Public) -> None:
    english = (await public.ask("glossary", GUARDIAN))["terms"]
    assert {"competency", "competency-based-education", "competency-based-grading", "mastery-tracking"} <= {
        one["code"] for one in english
    }
    spanish = await public.ask("glossary", GUARDIAN, lang="es")
    (learning,) = [one for one in spanish["terms"] if one["code"] == "competency-based-learning"]
    assert (learning["label"], learning["meaning"]) == (
        "Aprendizaje por competencias",
        "Aprender hacia metas claras, con el tiempo y la ayuda necesarios.",
    )


@pytest.mark.need("NEED-78")
async def test_a_district_calls_everything_by_its_own_words_and_the_codes_stay(public: Public) -> None:
    own = {code: f"our {code}" for code in TERMS}
    assert (await public.try_to("labels", TEACHER, lang="en", labels=own)).status_code == 403
    await public.do("labels", ADMINISTRATOR, lang="en", labels=own)
    assert await labels(public, "en") == own
    assert (await labels(public, "es"))["goal"] == "Meta"
    await public.do("labels", ADMINISTRATOR, lang="en", labels={"goal": None, "credit": "our credit"})
    assert (await labels(public, "en"))["goal"] == "Goal"
    same = await public.try_to("labels", ADMINISTRATOR, lang="en", labels={"credit": "our credit"})
    assert (same.status_code, same.json()["events"]) == (200, [])
    unknown = await public.try_to("labels", ADMINISTRATOR, lang="en", labels={"grade-point": "GPA"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "term-unknown")
    (based,) = [one for one in (await public.ask("glossary"))["terms"] if one["code"] == "competency-based-education"]
    assert based["aliases"] == ["mastery-based", "proficiency-based", "performance-based"]
