"""Dependencies stated in prose about groups: ``**US2 (Phase 4)**: Depends on US1, can run beside US3``.

A statement has a subject (a label in front of a colon, or what is named before the verb), a verb that says which way
the dependency goes, and objects. Whatever else a sentence says is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from milepost.plan.blocks import Block, BlockKind, walk
from milepost.plan.dialects.document import plain
from milepost.plan.dialects.groups import Groups, Named, pairs
from milepost.plan.dialects.reading import Reading
from milepost.plan.model import Dependency, DependencyOrigin, DependencySource
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_STRICT = (
    r"depends?[ \t]+(?:only[ \t]+|strictly[ \t]+)?(?:up)?on|dependent[ \t]+on|blocked[ \t]+by|waits?[ \t]+(?:for|on)"
)
_LOOSE = (
    r"requires?|needs?|must[ \t]+follow|follows|(?:serial[ \t]+)?after|once|only[ \t]+when"
    r"|prerequisites?[ \t]*:|builds?[ \t]+on"
)
_REVERSE = r"blocks|unblocks|precedes?|must[ \t]+(?:be[ \t]+)?(?:complete[ds]?|finish(?:ed)?|done)[ \t]+before|before"
_BACK = (
    r"(?:←|<-+)[ \t]*(?:also[ \t]+)?(?:(?:depends?[ \t]+(?:up)?on|needs|requires|after)[ \t]*)?"
    r"(?=T\d|WP\d|US-?\d|Phase)"
)
_WAITS = lazy_regex(rf"\b(?:{_STRICT}|{_LOOSE})(?![\w-])|{_BACK}", re.IGNORECASE)
_WAITS_STRICTLY = lazy_regex(rf"\b(?:{_STRICT})(?![\w-])|{_BACK}", re.IGNORECASE)
_PRECEDES = lazy_regex(rf"\b(?:{_REVERSE})(?![\w-])", re.IGNORECASE)
_STRICTLY = lazy_regex(rf"(?:{_STRICT})|{_BACK}", re.IGNORECASE)
_SMALL_WORDS = lazy_regex(
    r"(?:[\W_]|\b(?:all|both|then|and|tasks?|the|also|only|each|completion|of|on|either|every|just"
    r"|user|stories|must|being)\b)*",
    re.IGNORECASE,
)
_EVERY = lazy_regex(r"\W*(?:all|every)\b", re.IGNORECASE)
_ASIDE = lazy_regex(r"[(（][^()（）]*[)）]")
_NO_LABEL = lazy_regex(rf"^\W*(?:within|during|after|before|in|for|when|once|if)\b|{_STRICT}", re.IGNORECASE)
_NO_ORDER = lazy_regex(
    r"\b(?:parallel\w*|dev(?:eloper)?|worker|team|session|stream|suggest\w*|commit|option\w*|mvp"
    r"|alternativ\w*|single|track|agent|person|lane)\b",
    re.IGNORECASE,
)
_CHAIN_ARROW = lazy_regex(r"[→➜⟶⇒▶►➔⟹⮕]|[-=─]+>")
_CHAIN_END = lazy_regex(r";|\.(?:[ \t]|$)")
_NOT = lazy_regex(r"(?:\b(?:not|no|never|without|cannot)|n't)(?:[ \t]+\w+){0,2}[ \t]*$", re.IGNORECASE)
_MAYBE = lazy_regex(
    r"\b(?:could|might|should[ \t]+ideally|ideally|optionally|recommended?|benefits?|integrates?"
    r"|integrat(?:ion|ing))\b[^,;.]*$",
    re.IGNORECASE,
)
_END = lazy_regex(
    r"[ \t]+[—–-]{1,2}[ \t]+|[.;](?=[ \t]|$)|\b(?:but|so|because|since|for|can|could|may|might|then"
    r"|to|in[ \t]+parallel|alongside|independent\w*"
    r"|blocks|benefits?|unblocks|until|before|while|if|unless|not|without|rather|instead|which|whose"
    r"|where|when|although|except)\b",
    re.IGNORECASE,
)
_LABEL = lazy_regex(r"(?P<label>[^:：.;]{1,120}?)[:：](?=[ \t]|$)")
_SENTENCE = lazy_regex(r";[ \t]*|(?<=[^\d\W])\.[ \t]+|(?<=[)\d])\.[ \t]+(?=[A-Z])|[ \t]+[—–][ \t]+")
_NONE = lazy_regex(r"\W*(?:none|no\b|nothing|n/?a\b|independent|—|–|-)", re.IGNORECASE)
_DEPENDENCY_COLUMN = lazy_regex(
    r".*\b(?:depends?(?:ency|encies)?|dependen(?:t|ts|cy|cies)|starts?[ \t]+after|blocked[ \t]+by"
    r"|prerequisites?|requires?|needs)\b.*",
    re.IGNORECASE,
)
_SUBJECT_COLUMN = lazy_regex(
    r"(?:user[ \t]+)?stor(?:y|ies)|phases?|wps?|work[ \t]+packages?|tasks?|ids?|wp[ \t]+id|groups?|items?|lanes?",
    re.IGNORECASE,
)
_DEPENDENT_WORDS = lazy_regex(
    rf"\W*(?:(?:can[ \t]+)?starts?[ \t]+after|{_STRICT}|all[ \t]+of|both|the)?[ \t]*", re.IGNORECASE
)
_LONGEST = 4000
"""Longer text states nothing anybody would read."""

_MARKUP = lazy_regex(r"\*\*|__|`|^\[[ xX~/-]\][ \t]+")


@dataclass
class Statements:
    """Reads statements about groups of tasks out of lines and tables."""

    reading: Reading
    groups: Groups
    spoken_of: set[str] = field(default_factory=set)
    """The tasks of which some statement speaks, if only to say that they wait for nothing."""

    sure: set[tuple[str, str]] = field(default_factory=set)
    """The dependencies that are stated in so many words, as predecessor and successor."""

    def of_block(self, block: Block, *, strict: bool = False, subject: Sequence[str] = ()) -> Iterator[Dependency]:
        """The dependencies that a block's lines state; ``subject`` is what lines without one speak of.

        With ``strict`` only plain words for depending count: text about what may run in parallel says "after" of
        what is merely convenient.
        """
        for inner in walk(block):
            if inner.kind is BlockKind.TABLE and inner.children:
                yield from self._of_table(inner)
            elif inner.kind is BlockKind.PARAGRAPH:
                yield from self.of_line(_joined(inner), strict=strict, subject=subject)
            elif inner.kind in (BlockKind.FENCE, BlockKind.CODE):
                for line in inner.lines:
                    yield from self.of_line(line, strict=True)

    def of_line(self, line: Span, *, strict: bool = False, subject: Sequence[str] = ()) -> Iterator[Dependency]:
        """The dependencies one line states."""
        text = self._plain(line)
        label = _LABEL.match(text)
        named = self.groups.find(label["label"]) if label and not _NO_LABEL.search(label["label"]) else []
        body = text[label.end() :] if label and named else text
        self.spoken_of.update(_tasks(named) if not strict else ())
        about = _tasks(named) or tuple(subject)
        for sentence in _SENTENCE.split(body):
            yield from self._of_sentence(sentence, about, line, strict=strict)

    def of_chain(self, line: Span) -> Iterator[Dependency]:
        """What the arrows of a line join: ``**Sequence**: WP01 → WP02, WP03 → WP04``, up to the first other word."""
        text = self._plain(line)
        label = _LABEL.match(text)
        if label and not self.groups.find(label["label"]):
            if _NO_ORDER.search(label["label"]):
                return
            text = text[label.end() :]
        before: tuple[str, ...] = ()
        for part in _CHAIN_ARROW.split(_CHAIN_END.split(text, maxsplit=1)[0]) if _CHAIN_ARROW.search(text) else ():
            found = self.groups.find(part)
            if not found or not _leads(part, found[0]):
                return
            named = _tasks(found)
            yield from self._links(before, named, line, DependencyOrigin.GRAPH)
            before = named

    def value(self, span: Span, subject: Sequence[str]) -> Iterator[Dependency]:
        """The dependencies of a labelled value: ``WP01 (directories must exist)``, ``None (can run beside WP02)``."""
        self.spoken_of.update(subject)
        text = self._plain(span)
        start = _DEPENDENT_WORDS.match(text)
        at = start.end() if start else 0
        if _NONE.match(text) or not any(one.start == 0 for one in self.groups.find(text[at:], subject)):
            return
        links = list(self._links(_tasks(self._objects(text[at:], subject)), subject, span))
        self.sure.update((one.predecessor, one.successor) for one in links)
        yield from links

    def _plain(self, span: Span) -> str:
        """The words of a span without marks of emphasis and code; none where there are far too many."""
        if span.end - span.start > _LONGEST:
            return ""
        return " ".join(_MARKUP.sub("", self.reading.text[span.start : span.end]).split())

    def _of_sentence(self, sentence: str, about: Sequence[str], line: Span, *, strict: bool) -> Iterator[Dependency]:
        verb = (_WAITS_STRICTLY if strict else _WAITS).search(sentence)
        reverse = None if strict or verb else _PRECEDES.search(sentence)
        verb = verb or reverse
        if verb is None or _is_doubtful(sentence[: verb.start()]):
            return
        before_verb = _CHAIN_ARROW.split(sentence[: verb.start()])[-1]  # of a chain, only its end waits
        first = self.groups.find(before_verb)
        if first and not _leads(before_verb, first[0]):
            return
        subject = _tasks(first) or tuple(about)
        if reverse:
            yield from self._links(subject, self._preceded(sentence[verb.end() :], subject), line)
            return
        is_plain = _STRICTLY.fullmatch(verb.group()) is not None
        objects = self._objects(sentence[verb.end() :], subject, direct=not (is_plain and about and not first))
        links = list(self._links(_tasks(objects), subject, line))
        if is_plain:
            self.sure.update((one.predecessor, one.successor) for one in links)
        yield from links

    def _preceded(self, text: str, subject: Sequence[str]) -> Sequence[str]:
        if not _EVERY.match(text):
            return _tasks(self._objects(text, ()))
        is_story = "stor" in text.casefold()
        return self.groups.after(subject, stories=is_story) if is_story or "phases" in text.casefold() else ()

    def _objects(self, text: str, subject: Sequence[str], *, direct: bool = True) -> list[Named]:
        """What is named behind a verb up to the end of its clause; with ``direct`` right behind it or not at all."""
        outer = _ASIDE.sub(lambda found: "~" * len(found.group()), text)
        end = _END.search(outer)
        found = self.groups.find(text[: end.start()] if end else text, subject)
        return found if found and (not direct or _leads(text, found[0])) else []

    def _of_table(self, table: Block) -> Iterator[Dependency]:
        titles = [plain(self.reading.text[cell.span.start : cell.span.end]) for cell in table.children[0].children]
        subjects = [place for place, title in enumerate(titles) if _SUBJECT_COLUMN.fullmatch(title)]
        columns = [
            place
            for place, title in enumerate(titles)
            if place not in subjects and _DEPENDENCY_COLUMN.fullmatch(title) and "parallel" not in title.casefold()
        ]
        for row in table.children[1:]:
            cells = [cell.span for cell in row.children]
            texts = (
                self.reading.text[cells[place].start : cells[place].end] for place in subjects if place < len(cells)
            )
            subject = next((tasks for text in texts if (tasks := _tasks(self.groups.find(plain(text))))), ())
            for place in columns:
                if subject and place < len(cells):
                    yield from self.value(cells[place], subject)

    def _links(
        self,
        before: Iterable[str],
        after: Iterable[str],
        span: Span,
        origin: DependencyOrigin = DependencyOrigin.FIELD,
    ) -> Iterator[Dependency]:
        then = list(dict.fromkeys(after))
        first = [task for task in dict.fromkeys(before) if task not in then]
        source = (DependencySource(origin, span),)
        yield from (Dependency(one, other, sources=source) for one, other in pairs(first, then))


def _tasks(named: Iterable[Named]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(task for one in named for task in one.tasks))


def _leads(text: str, named: Named) -> bool:
    """Say whether nothing but small words stands before what is named, or it stands in brackets behind words."""
    return _SMALL_WORDS.fullmatch(text, 0, named.start) is not None or "(" in text[: named.start]


def _is_doubtful(text: str) -> bool:
    """Say whether the words before a verb take it back."""
    return _NOT.search(text) is not None or _MAYBE.search(text) is not None


def _joined(paragraph: Block) -> Span:
    return Span(paragraph.lines[0].start, paragraph.lines[-1].end)
