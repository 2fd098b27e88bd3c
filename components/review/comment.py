"""One comment for all sites of a pull request: what changes in full, then one short verdict.

The size is bounded whatever the number of sites: what does not fit is shown with fewer lines, then
in one paragraph, then only counted.  Sites that cost most (a stop, a replacement, an error) are the
last to be cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .change import SiteChange
from .markdown import code, fenced, folded, table, words

MARKER: Final = "<!-- sakura-rtx-review -->"
# GitHub takes 65,536 characters; counted here in bytes of UTF-8, which are never fewer.
LIMIT: Final = 65_000
_TITLE: Final = "## Preview of the VPN sites"
_OPEN_SITES: Final = 3  # more than that are folded
_MOST_NAMES: Final = 3
_LEAST: Final = 500  # bytes; no section is shorter
_SHORT: Final = 300
_LONGEST_FINDING: Final = 1_000
_VERBS: Final = {"create": "to create", "update": "to update", "replace": "to replace"}
_VERBS_TOO: Final = {"delete": "to delete", "import": "to import"}
_TRACEBACK: Final = "Traceback (most recent call last):"
_WORDS: Final = {"error": "Error", "warning": "Warning"}


class _Form(NamedTuple):
    """How much of a site is shown: lines of a diff or a table, and rows that do not change."""

    most: int
    unchanged: bool


# Tried one after another until all sites fit.
_FORMS: Final = (_Form(2_000, True), _Form(2_000, False), _Form(200, False), _Form(40, False))


def comment(changes: Sequence[SiteChange], limit: int = LIMIT) -> str:
    """The comment, at most `limit` bytes of UTF-8; it starts with `MARKER` and ends with the
    verdict."""
    shown = [site for site in changes if site.changed or site.failed or site.findings]
    quiet = [site.name for site in changes if site not in shown]
    head = f"{MARKER}\n{_TITLE}\n"
    tail = f"\n{_unchanged(quiet)}---\n**{verdict(changes)}**\n"
    room = limit - _size(head) - _size(tail) - 200  # for the count of what has no room
    sections, left_out = _fitted(shown, room)
    if left_out:
        sections.append(
            f"**{left_out} more {_plural(left_out, 'site')} here without room**: see the log of "
            "this run.\n"
        )
    return head + "".join(f"\n{section}" for section in sections) + tail


def verdict(changes: Sequence[SiteChange]) -> str:
    """What a reviewer has to know, in one line."""
    changed = [site for site in changes if site.changed]
    whole = not any(site.failed for site in changes)
    parts = [_failures(changes), _what_changes(changed, len(changes)) if changed or whole else ""]
    lasting = [site for site in changed if not (site.new or site.gone)]
    if changed:
        parts += [
            _named("VPC router stopped", [s.name for s in changed if s.stops]),
            _named("replaced", [s.name for s in changed if s.replaced]),
            "no stop" if lasting and not any(s.stops or s.replaced for s in changed) else "",
            _named("new address", [s.name for s in changed if s.addresses])
            or ("same addresses" if lasting else ""),
            _named("new key", [s.name for s in changed if s.key]),
        ]
    for severity in ("error", "warning"):
        number = sum(site.said(severity) for site in changes)
        parts.append(f"{number} {_plural(number, severity)}" if number else "")
    joined = "; ".join(filter(None, parts))
    return joined.replace("no stop; same addresses", "no stop, same addresses") + "."


def _failures(changes: Sequence[SiteChange]) -> str:
    return _named("preview FAILED", [site.name for site in changes if site.failed])


def _what_changes(changed: Sequence[SiteChange], total: int) -> str:
    if not changed:
        return f"nothing changes in {total} {_plural(total, 'site')}"
    made, gone = sum(site.new for site in changed), sum(site.gone for site in changed)
    rest = len(changed) - made - gone
    counted = (
        (made, "new site", "new sites"),
        (rest, "site changes", "sites change"),
        (gone, "site goes", "sites go"),
    )
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counted if n)


def _named(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = len(names) - _MOST_NAMES
    shown = ", ".join(words(name) for name in names[:_MOST_NAMES])
    return f"{what}: {shown}" + (f" and {more} more" if more > 0 else "")


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _unchanged(names: Sequence[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(words(name) for name in names)
    if len(listed) > _SHORT:
        listed = f"{len(names)} sites"
    return f"Unchanged: {listed}\n\n"


def _fitted(sites: Sequence[SiteChange], room: int) -> tuple[list[str], int]:
    """A section for each site, in their order, and how many have none."""
    is_open = len(sites) <= _OPEN_SITES
    for form in _FORMS:
        sections: list[str] = []
        left = room
        for site in sites:
            sections.append(_section(site, form, is_open))
            if (left := left - _size(sections[-1])) < 0:
                break
        else:
            return sections, 0
    return _squeezed(sites, room, is_open)


def _squeezed(sites: Sequence[SiteChange], room: int, is_open: bool) -> tuple[list[str], int]:
    """The same where no form fits for all: what costs most in full, the rest in a paragraph."""
    chosen: dict[int, str] = {}
    by_weight = sorted(range(len(sites)), key=lambda i: (-sites[i].weight, i))
    # First a paragraph for each, so that a long one does not take the place of all others.
    for index in by_weight:
        brief = _brief(sites[index])
        if _size(brief) <= room:
            chosen[index] = brief
            room -= _size(brief)
    for index in filter(chosen.__contains__, by_weight):
        if room < _LEAST:
            break
        spare = room + _size(chosen[index])
        sections = (_section(sites[index], form, is_open) for form in _FORMS[1:])
        whole = next((section for section in sections if _size(section) <= spare), None)
        if whole is not None:
            chosen[index], room = whole, spare - _size(whole)
    return [chosen[index] for index in sorted(chosen)], len(sites) - len(chosen)


def _size(text: str) -> int:
    return len(text.encode()) + 1


def _brief(site: SiteChange) -> str:
    """A site in one paragraph."""
    facts = [fact for fact, _ in _facts(site)]
    said = [f"{site.said(s)} {_plural(site.said(s), s)}" for s in ("error", "warning")]
    parts = [*facts, *(each for each in said if not each.startswith("0 "))]
    detail = f": {'; '.join(parts)}" if parts else ""
    return f"- {code(site.name)} {_counts(site)}{detail}\n"


def _section(site: SiteChange, form: _Form, is_open: bool) -> str:
    body = "\n\n".join(_body(site, form))
    title = f"{words(site.name)}: {_counts(site)}"
    if is_open:
        return f"### {title}\n\n{body}\n"
    facts = "; ".join(fact for fact, _ in _facts(site))
    summary = f"<b>{title}</b>" + (f" ({facts})" if facts else "")
    return folded(summary, body) + "\n"


def _counts(site: SiteChange) -> str:
    counted = [
        f"{site.counts[verb]} {said}"
        for verb, said in (_VERBS | _VERBS_TOO).items()
        if site.counts.get(verb)
    ]
    if site.failed:
        return ", ".join(["preview failed", *counted])
    return ", ".join(counted) or "no change"


def _facts(site: SiteChange) -> Iterator[tuple[str, str]]:
    """What the change costs: in short, and what that means."""
    if site.stops:
        stops = words(", ".join(site.stops))
        meaning = "every tunnel on it is down until it runs again, some minutes"
        yield f"VPC router stopped: {stops}", meaning
    if site.replaced:
        meaning = "the old one is deleted, with what others keep on it; no tunnel until it is made"
        yield f"replaced: {words(', '.join(site.replaced))}", meaning
    for change in site.addresses:
        yield f"new address: {words(change)}", "who calls it, and filters that name it, must follow"
    if site.key:
        meaning = "both ends get it, one at once after the other"
        yield f"new pre-shared key: {words(site.key)}", meaning
    if site.unfinished:
        meaning = "the last `up` did not get to its end; the next one goes on there"
        yield f"unfinished: {words(', '.join(site.unfinished))}", meaning
    if site.deleted:
        yield f"deleted: {words(', '.join(site.deleted))}", ""
    if site.imported:
        yield f"taken over as it is: {words(', '.join(site.imported))}", ""


def _body(site: SiteChange, form: _Form) -> Iterator[str]:
    most = form.most
    if facts := list(_facts(site)):
        yield "\n".join(
            f"- **{fact}**" + (f" ({meaning})" if meaning else "") for fact, meaning in facts
        )
    for severity in _WORDS:
        said = [each.text for each in site.findings if each.severity == severity]
        yield from (_finding(_WORDS[severity], text, most) for text in said[:most])
    if site.lines:
        yield "Lines of the RTX:\n\n" + fenced(_some(site.lines, most), "diff")
    if site.values:
        yield _values(site, most)
    if site.agreement:
        yield from _agreement(site, form)
    if site.said("info"):
        yield _notes(site, most)
    if site.consents:
        listed = "\n".join(f"- {words(each)}" for each in site.consents)
        yield f"The site file consents to:\n\n{listed}"


def _finding(word: str, text: str, most: int) -> str:
    first, *more = text.splitlines()
    if more[:1] == [_TRACEBACK]:  # what broke it stands at its end
        first = f"{first} {more[-1]}"
    said = f"**{word}**: {words(first, _LONGEST_FINDING)}"
    return f"{said}\n\n{fenced(_some(more, most))}" if more else said


def _notes(site: SiteChange, most: int) -> str:
    said = [each.text for each in site.findings if each.severity == "info"]
    body = "\n\n".join(_finding("Note", text, most) for text in said[:most])
    return folded(f"{len(said)} {_plural(len(said), 'note')}", body)


def _some(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from (line if len(line) <= _SHORT else f"{line[:_SHORT]}\u2026" for line in lines[:most])
    if len(lines) > most:
        yield f"\u2026 {len(lines) - most} more lines"


def _values(site: SiteChange, most: int) -> str:
    rows = [[words(v.of), code(v.path), code(v.before), code(v.after)] for v in site.values[:most]]
    if (more := len(site.values) - most) > 0:
        rows.append([f"\u2026 {more} more", "", "", ""])
    number = len(site.values)
    body = table(("of", "value", "now", "after"), rows)
    summary = f"{number} {_plural(number, 'value')}"
    return folded(summary, body, is_open=not site.new and number <= 12)


def _agreement(site: SiteChange, form: _Form) -> Iterator[str]:
    """What both ends share; a row that changes is marked and shows both values."""
    whole = site.new or site.gone
    changing = [] if whole else [row.name for row in site.agreement if row.changes]
    rows = []
    for row in site.agreement:
        if not (form.unchanged or row.name in changing):
            continue
        value = code(row.after or row.before)
        if row.name in changing:
            value = f"{code(row.before) or 'none'} \u2192 **{code(row.after) or 'none'}**"
        name = f"**{words(row.name)}**" if row.name in changing else words(row.name)
        rows.append([name, value, code(row.cloud), code(row.office)])
    said = f"{', '.join(map(words, changing))} changes" if changing else "no row changes"
    if whole:
        said = f"{len(site.agreement)} values"
    if rows:
        body = table(("both ends share", "value", "VPC router", "RTX"), rows)
        yield folded(f"Agreement: {said}", body)
