"""Every text is there in Finnish and Swedish, with its slots, in the users' words, and nothing is left in English."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
LANGUAGES = ("fi", "sv")
SLOT = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
ENGLISH = re.compile(r"\b(the|your|you|this|that|with|and|of|card|ticket|child|please)\b", re.IGNORECASE)
# A thing has one word (DOMAIN.md, "Words"). Stems, since both languages bend their words.
ONE_WORD = {
    "passkey": {"fi": "pääsyavai", "sv": "lösennyck"},
    "child ticket": {"fi": "la(psen|sten) li", "sv": "barnbiljett"},
    "community card": {"fi": "yhteisön kaikukort", "sv": "gemenskapens kaikukort"},
    "issuer": {"fi": "kortinjaka", "sv": "kortutdelar"},
    "responsible person": {"fi": "vastuuhenkilö", "sv": "ansvarsperson"},
    "event": {"fi": "tapahtum", "sv": "evenemang"},
    "area": {"fi": "alue", "sv": "områd"},
    "network": {"fi": "verkosto|verkko", "sv": "nät"},
    "venue": {"fi": "koh[dt]e", "sv": "besöksmål"},
    "register": {"fi": "kaikukan", "sv": "kaikukan"},
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What code and templates say, read from them now."""
    pot = tmp_path_factory.mktemp("texts") / "messages.pot"
    pybabel = Path(sys.executable).parent / "pybabel"
    command = [pybabel, "-q", "extract", "-F", "pyproject.toml", "--no-location", "-o", pot, "."]
    subprocess.run(command, cwd=ROOT, check=True)
    with pot.open("rb") as file:
        return read_po(file)


def file_of(language: str) -> Path:
    return ROOT / "wallet" / "locales" / language / "LC_MESSAGES" / "messages.po"


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    with file_of(request.param).open("rb") as file:
        return read_po(file, locale=request.param, abort_invalid=True)


def forms(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A text's forms: one, or singular and plural."""
    return (value,) if isinstance(value, str) else tuple(value)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """Each English form beside its translation."""
    return [pair for each in messages(catalogue) for pair in zip(forms(each.id), forms(each.string), strict=False)]


def test_every_text_is_translated_and_none_is_left_over(texts, catalogue):
    said = {message.id for message in messages(texts)}
    assert len(said) > 300, "the extraction found the texts"
    assert {message.id for message in messages(catalogue)} == said, "run `make messages` and translate what is new"
    assert not catalogue.obsolete
    assert [each.id for each in messages(catalogue) if each.fuzzy] == []
    unfinished = [
        each.id
        for each in messages(catalogue)
        if len(forms(each.string)) != len(forms(each.id)) or not all(form.strip() for form in forms(each.string))
    ]
    assert unfinished == []


def test_counts_have_two_forms(catalogue):
    assert (catalogue.num_plurals, catalogue.plural_expr) == (2, "(n != 1)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_names_nobody_and_no_moment(language):
    text = file_of(language).read_text(encoding="utf-8")
    assert "@" not in text
    assert "-Date:" not in text


def test_slots_stay(catalogue):
    lost = [(en, said) for en, said in pairs(catalogue) if sorted(SLOT.findall(en)) != sorted(SLOT.findall(said))]
    assert lost == []


def test_nothing_is_left_in_english(catalogue):
    assert [said for en, said in pairs(catalogue) if said == en] == []
    assert [said for _, said in pairs(catalogue) if ENGLISH.search(SLOT.sub("", said))] == []


def test_ends_are_alike(catalogue):
    """A sentence stays a sentence, a label a label, a question a question."""

    def end(text: str) -> str:
        return text[-1] if text[-1] in ".?!:…," else ""

    assert [(en, said) for en, said in pairs(catalogue) if end(en) != end(said) or said != said.strip()] == []


@pytest.mark.parametrize("word", ONE_WORD)
def test_a_thing_has_one_word(catalogue, word):
    stem = re.compile(ONE_WORD[word][str(catalogue.locale)], re.IGNORECASE)
    english = re.compile(rf"\b{word}s?\b", re.IGNORECASE)
    others = [(en, said) for en, said in pairs(catalogue) if english.search(SLOT.sub("", en)) and not stem.search(said)]
    assert others == []
