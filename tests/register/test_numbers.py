"""The card's number: what a typing error does to it, and what a person may type for it."""

import pytest

from wallet.register.numbers import check_digit, mistyped, new_number, normalise, shown

# 572 is the worked example of H. M. Damm's thesis: its check digit is 4.
NUMBERS = ["57257257257" + "?", "00000000000" + "?", "12345678901" + "?", "90817263544" + "?"]


def _whole(number: str) -> str:
    return number[:-1] + check_digit(number[:-1])


def test_the_check_digit_is_damms() -> None:
    assert check_digit("572") == "4"


@pytest.mark.parametrize("number", NUMBERS)
def test_every_single_wrong_digit_is_found(number: str) -> None:
    right = _whole(number)
    wrong = [
        right[:at] + digit + right[at + 1 :] for at in range(len(right)) for digit in "0123456789" if digit != right[at]
    ]
    assert len(wrong) == 12 * 9
    assert all(mistyped(text) for text in wrong)
    assert not mistyped(right)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_swap_of_neighbours_is_found(number: str) -> None:
    right = _whole(number)
    swapped = [right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(len(right) - 1)]
    assert all(mistyped(text) for text in swapped if text != right)


def test_every_swap_of_any_two_digits_is_found_anywhere() -> None:
    for left in range(10):
        for a in range(10):
            for b in range(10):
                if a != b:
                    assert check_digit(f"{left}{a}{b}") != check_digit(f"{left}{b}{a}")


def test_a_new_number_is_twelve_digits_and_right() -> None:
    numbers = {new_number() for _ in range(200)}
    assert len(numbers) == 200
    for number in numbers:
        assert len(number) == 12
        assert number.isdecimal()
        assert not mistyped(number)
        assert normalise(shown(number)) == number


@pytest.mark.parametrize(
    "typed",
    [
        "109012345610",
        "1090 1234 5610",
        "1090-1234-5610",
        " 1090\u00a01234\u20115610 ",
        "1090\t1234\n5610",
        "1090.1234.5610",
        "1090\u22121234\u20135610",
        "IO9O I234 56lo",
        "l09o-1234-561O",
        "i090 1234 5610",
        "１０９０　１２３４　５６１０",
    ],
)
def test_typing_accepts_what_people_type(typed: str) -> None:
    """Lower case, spaces, hyphens, O for 0, I or l for 1 (DOMAIN.md), and full-width digits."""
    assert normalise(typed) == "109012345610"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ab 12-34", "AB1234"),
        ("Kaikuo1", "KAIKUO1"),
        ("TRE0I1", "TRE0I1"),
        ("ＴＲＥ１２３", "TRE123"),
        ("1234", "1234"),
        ("A" * 24, "A" * 24),
    ],
)
def test_letters_of_an_older_number_stay_what_they_are(typed: str, kept: str) -> None:
    """Existing cards have numbers of their own: an opaque string of letters and digits (DOMAIN.md)."""
    assert normalise(typed) == kept
    assert not mistyped(kept)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "123",
        "A" * 25,
        "1" * 400,
        "1234'; --",
        "ÄÖÅ123",
        "1234\x00",
        "😀😀😀😀",
        "KP1:ABC+DEF",
        "1234_5678",
        "١٢٣٤٥٦",
    ],
)
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert normalise(typed) is None


@pytest.mark.parametrize("number", ["12345678901", "1234567890123", "TRE123456789"])
def test_only_our_own_shape_can_be_mistyped(number: str) -> None:
    assert not mistyped(number)


@pytest.mark.parametrize(("number", "read"), [("109012345610", "1090 1234 5610"), ("AB12345", "AB12 345")])
def test_a_number_is_shown_in_fours(number: str, read: str) -> None:
    assert shown(number) == read
