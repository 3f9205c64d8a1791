from __future__ import annotations

import pytest

from milepost.errors import UnknownName
from milepost.lint import registry


def test_nothing_selected_means_the_default_rules() -> None:
    assert registry.choose() == tuple(rule for rule in registry.RULES if rule.default)


@pytest.mark.parametrize("selector", ["MP301", "missing-estimate"])
def test_a_rule_is_selected_by_code_or_name(selector: str) -> None:
    assert [rule.code for rule in registry.choose([selector])] == ["MP301"]


def test_a_family_is_selected_by_the_beginning_of_its_codes() -> None:
    chosen = registry.choose(["MP3"])
    assert chosen
    assert {rule.family for rule in chosen} == {"estimates and schedule"}


def test_ignored_rules_are_left_out_of_selected_ones() -> None:
    names = {rule.name for rule in registry.choose(["MP3"], ["missing-estimate"])}
    assert "missing-estimate" not in names
    assert "false-critical-path" in names


def test_all_selects_rules_that_are_off_by_default_too() -> None:
    assert registry.choose(["ALL"]) == registry.RULES


def test_an_unknown_selector_names_the_nearest_rule() -> None:
    with pytest.raises(UnknownName, match="there is no rule `missing-estimat`") as caught:
        registry.choose(ignore=["missing-estimat"])
    assert "did you mean `missing-estimate`?" in caught.value.remedy


def test_a_rule_is_found_in_any_case() -> None:
    assert registry.find("mp301").name == "missing-estimate"
    assert registry.find("Missing-Estimate").code == "MP301"
