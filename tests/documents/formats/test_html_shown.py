"""What of a web page is read: what its style sheets, tables and elements show to a reader, once and in order."""

from __future__ import annotations

import pytest

from qa.cells import table_cells
from qa.documents.extract import Extract
from tests.documents.formats.test_web_archive import archive, part
from tests.documents.making import OTHER, PROSE, assert_sound, epub, extract_of, marked


def page(body: str, rules: str = "") -> str:
    style = f"<style>{rules}</style>" if rules else ""
    return f"<!DOCTYPE html><html><head>{style}</head><body><p>{PROSE}</p>{body}<p>{OTHER}</p></body></html>"


def read(body: str, rules: str = "") -> Extract:
    found = extract_of(page(body, rules), ".html")
    assert_sound(found)
    return found


def between(body: str, rules: str = "") -> list[str]:
    """The paragraphs between the two that each page has."""
    first, *inner, last = read(body, rules).text.split("\n\n")
    assert (first, last) == (PROSE, OTHER)
    return inner


def heads(found: Extract) -> dict[str, str]:
    """The name of the column of each cell with a figure."""
    cells = table_cells(found.text, found.marks)
    return {found.text[c.start : c.end]: c.column for c in cells if c.row and found.text[c.start : c.end].isdigit()}


# ---- hidden or not ----

HIDDEN = {
    ".a.b { display: none }": ("<p class='a b'>gone</p>", "<p class='a'>seen</p>"),
    "div.hidden > p { display: none }": ("<div class=hidden><p>gone</p></div>", "<div class=hidden><b>seen</b></div>"),
    "#i .x { visibility: hidden }": ("<div id=i><i class=x>gone</i></div>", "<i class=x>seen</i>"),
    "[data-state='shut'] { display: none }": ("<p data-state=shut>gone</p>", "<p data-state=open>seen</p>"),
    "li:nth-child(2), .t td:last-child { display: none }": ("<ul><li>seen</li><li>gone</li></ul>", ""),
    "input:not(:checked) ~ .on { display: none }": ("<input type=checkbox><p class=on>gone</p>", "<p>seen</p>"),
    ":is(.q, .r) b { opacity: 0 }": ("<p class=r><b>gone</b></p>", "<b>seen</b>"),
    ".k { display: none !important }": ("<p class=k style='display: block'>gone</p>", "<p>seen</p>"),
    ".c { color: red; & .d { display: none } }": ("<p class=c><b class=d>gone</b></p>", "<b class=d>seen</b>"),
    r".sm\:none { display: none }": ("<p class='sm:none'>gone</p>", "<p class=sm>seen</p>"),
    "@media print, screen { .k { display: none } }": ("<p class=k>gone</p>", "<p>seen</p>"),
    "@media (min-width: 40em) { .k { display: none } }": ("<p class=k>gone</p>", "<p>seen</p>"),
    "@supports (display: grid) { @layer x { .k { display: none } } }": ("<p class=k>gone</p>", "<p>seen</p>"),
    "<!-- .k /* } x */ { display /**/ : none } -->": ("<p class=k>gone</p>", "<p>seen</p>"),
    "} .m { display: none } .q { content: '}{' } .k { display: none }": ("<p class=k>gone</p>", "<p class=m>seen</p>"),
    ".sr { position: absolute; clip: rect(0, 0, 0, 0) }": ("<p class=sr>gone</p>", "<p>seen</p>"),
    ".far { position: absolute; left: -9999px }": ("<p class=far>gone</p>", "<p>seen</p>"),
    ".v { visibility: hidden } .w { visibility: visible }": ("<p class=v>gone <b class=w>seen</b> gone</p>", ""),
    ".z { font-size: 0 } .z b { font-size: 12px }": ("<p class=z>gone <b>seen</b></p>", ""),
    "": ("<div popover>gone</div><dialog>gone</dialog><datalist><option>gone</datalist>", "<dialog open>seen</dialog>"),
}  # fmt: skip


@pytest.mark.parametrize("rules", HIDDEN)
def test_what_style_sheets_hide_on_a_screen_is_left_out_and_counted(rules: str) -> None:
    found = read("".join(HIDDEN[rules]), rules)
    assert found.text == f"{PROSE}\n\nseen\n\n{OTHER}"
    assert [note for note in found.notes if note.startswith("hidden text is left out")]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ("<p class=k>seen</p>", "@media print { .k { display: none } }"),
        ("<p class=k>seen</p>", "@media (max-width: 600px) { .k { display: none } }"),
        ("<p class=k>seen</p>", "@media (prefers-color-scheme: dark) { .k { display: none } }"),
        ("<p class=k>seen</p>", "@supports not (display: grid) { .k { display: none } }"),
        ("<p class='k l'>seen</p>", ".k { display: none } .k.l { display: block }"),
        ("<p class='k l'>seen</p>", ".k.l { display: block } .k { display: none }"),
        ("<p class=k style='display: block'>seen</p>", ".k { display: none }"),
        ("<p hidden class=k>seen</p>", "p.k { display: block }"),
        ("<p class=k>seen</p>", ".k::before, a:hover .k, .k:hover { display: none }"),
        ("<p class=k>seen</p>", ".k { opacity: 0; animation: appear 1s forwards }"),
        ("<p class=k>seen</p>", ".k { text-indent: -2em; opacity: 0.5; font-size: 0.8em; top: -9999px }"),
        ("<p class=k aria-hidden=true>seen</p>", ".k { color: red }"),
        ("<p>seen</p></div><style media=print>p { display: none }</style>", ""),
        ("<noscript><style>p { display: none }</style></noscript><p>seen</p>", ""),
    ],
)
def test_what_is_hidden_elsewhere_only_is_read(body: str, rules: str) -> None:
    found = read(body, rules)
    assert (found.text, found.notes) == (f"{PROSE}\n\nseen\n\n{OTHER}", ())


def test_a_hidden_cell_keeps_or_gives_up_its_place_as_it_does_on_the_screen() -> None:
    row = "<table><tr><td>a</td><td style='{}'>5</td><td>c</td></tr></table>"
    assert between(row.format("visibility: hidden")) == ["a | | c"]
    assert between(row.format("display: none")) == ["a | c"]


def test_what_is_written_once_for_the_eye_and_once_for_programs_is_read_once() -> None:
    price = "<span class=sr>$19.99</span><span aria-hidden=true>$<i>19</i><sup>99</sup></span>"
    formula = "<span><math><mi>x</mi></math></span><span aria-hidden=true><i>x</i></span>"
    rules = ".sr { position: absolute; clip: rect(0 0 0 0) }"
    assert between(f"<p>For <span>{price}</span> and <span>{formula}</span></p>", rules) == ["For $19.99 and x"]
    assert between("<p>Call <b class=sr>now</b><b aria-hidden=true>555</b></p>", rules) == ["Call 555"]


SHEET = "@import url('b%20c.css') screen; .a.b { display: none }"


def test_style_sheets_of_a_saved_page_and_of_a_book_are_followed_with_what_they_import() -> None:
    where = "https://news.example/x/lock"
    body = "<p class='a b'>gone</p><p class=i>gone</p><p class=p>seen</p>"
    links = "<link rel=stylesheet href='{}'><link rel=stylesheet media=print href='{}'>"
    saved = page(f"{links.format('cid:s', '../p.css')}{body}")
    frame = f"<link rel=stylesheet href=p.css><p class=p>gone</p><p>{PROSE[::-1]}</p>"
    parts = [
        part(saved, Content_Location=where),
        part(frame, Content_Location="https://news.example/frame"),
        part(SHEET.replace("b%20c.css", "cid:i"), "css", Content_ID="<s>"),
        part(".i { display: none }", "css", Content_ID="<i>"),
        part(".p { display: none }", "css", Content_Location="https://news.example/p.css"),
    ]
    found = extract_of(archive(*parts), ".mhtml")
    assert found.text.split("\n\n")[1:] == [PROSE, "seen", OTHER, PROSE[::-1]]
    chapter = page(f"{links.format('../css/a.css', '../css/p.css')}{body}")
    sheets = {
        "OPS/css/a.css": SHEET,
        "OPS/css/b c.css": ".i { display: none }",
        "OPS/css/p.css": ".p { display: none }",
    }
    assert extract_of(epub(**{"OPS/text/one.xhtml": chapter}, **sheets), ".epub").text.startswith(
        f"{PROSE}\n\nseen\n\n{OTHER}"
    )


def test_a_style_sheet_that_cannot_be_followed_costs_no_text() -> None:
    for rules in ("a{" * 10_000, ":is(" * 5_000 + "{display:none}", "p:unknown(x) { display: none }", "\\"):
        assert between("<p>seen</p>", rules) == ["seen"]


# ---- nothing lost, nothing joined ----


@pytest.mark.parametrize(
    ("body", "paragraphs"),
    [
        ("<figure>Depth <b>12</b> m<figcaption>The bay, <time>5 May</time></figcaption></figure>",
         ["Depth 12 m", "The bay, 5 May"]),
        ("<p>Before <figure>Depth 13</figure> after</p>", ["Before", "Depth 13", "after"]),
        ("<a href=x><figure>Linked 8</figure></a>", ["Linked 8"]),
        ("<menu>Soup 5 <b>euros</b><li>Fish</li></menu><dir><li>Old 3</dir>", ["Soup 5 euros", "Fish", "Old 3"]),
        ("<ul>Loose 5<li>One</li>tail 6<p>seven</p></ul>", ["Loose 5", "One", "tail 6", "seven"]),
        ("<ul><li>Item<p>para</p> tail 2</li></ul>", ["Item", "para", "tail 2"]),
        ("<p class=rating>Rated 5</p><div class=options>Of 8</div><p class=meta>By 9</p>", ["Rated 5", "Of 8", "By 9"]),
        ("<details><summary>How deep?</summary>12 m</details>", ["How deep?", "12 m"]),
        ("<marquee>Moving 1</marquee><search>Find 8</search><xmp>c < d</xmp>", ["Moving 1", "Find 8", "c < d"]),
        ("<dl><dt>Port</dt><dd>North<dd>South 2</dl>", ["Port", "North", "South 2"]),
        ("<svg><defs><text>no</text></defs><text>Sum <tspan>12</tspan><tspan x=1>345</tspan></text>"
         "<text display=none>no</text><foreignObject><div>In 8</div></foreignObject></svg>", ["Sum 12\n345", "In 8"]),
        ("<p>Donau<wbr>dampf&shy;schiff 1<wbr>234</p>", ["Donaudampfschiff 1234"]),
        ("<p>Up <ruby>12<rt>34</rt></ruby></p>", ["Up 12 (34)"]),
        ("<ruby>\u6f22<rp>(</rp><rt>\u304b</rt><rp>)</rp>\u5b57<rt>\u3058</rt></ruby>", ["\u6f22\u5b57(\u304b\u3058)"]),
        ("<div><b style='display: block'>Total 33</b><b style='display: block'>44 words</b></div>",
         ["Total 33", "44 words"]),
        ("<div style='display: flex'>7<span>12</span><span>345</span>6</div>", ["7\n12\n345\n6"]),
        ("<div style='white-space: pre-line'>12\n345</div>", ["12\n345"]),
        ("<p>Press <button>Save</button> now</p><h3><button>Hours 9</button></h3><button>Share</button>",
         ["Press Save now", "Hours 9"]),
        ("<form>Name <input value='Anna'> <button>Send</button></form>", ["Name Anna"]),
        ("<iframe srcdoc='<style>.z{display:none}</style><p class=z>gone</p>Frame 2'></iframe>", ["Frame 2"]),
        ("<div><template shadowrootmode=open><p>Shadow 7</p></template></div><template>no</template>", ["Shadow 7"]),
        ("<ol start=0><li><div><p>a</p></div><li style='list-style: none'>b<li value=7>c</ol>", ["0. a", "b", "7. c"]),
        ("<ol reversed><li>a<li>b</ol><ul style='list-style: decimal'><li>c</ul>", ["2. a", "1. b", "1. c"]),
    ],
)  # fmt: skip
def test_every_word_that_is_seen_is_read_once_and_apart(body: str, paragraphs: list[str]) -> None:
    assert between(body) == paragraphs


def test_menus_notices_and_lists_of_links_are_left_out_of_an_article() -> None:
    links = "".join(f"<li><a href='{n}'>Another story {n}</a></li>" for n in range(4))
    body = f"<nav>Home</nav><div class='cookie-bar'>We use cookies.</div><aside>Most read</aside><ul>{links}</ul>"
    text = read(f"<p>{PROSE[::-1]}</p>{body}<p>See the <a href=z>annual report</a>.</p>").text
    assert text == "\n\n".join([PROSE, PROSE[::-1], "See the annual report.", OTHER])


# ---- tables ----

BODY = "<tr><td>North</td><td>12</td><td>34</td></tr><tr><td>South</td><td>56</td><td>78</td></tr>"
HEADS = {
    "thead": "<thead><tr><th rowspan=2>Quay</th><th colspan=2>2023</th></tr><tr><th>H1</th><th>H2</th></tr></thead>",
    "td": "<thead><tr><td>Quay</td><td colspan=2>2023</td></tr><tr><td></td><td>H1</td><td>H2</td></tr></thead>",
    "th rows": "<tr><th></th><th colspan=2>2023</th></tr><tr><td></td><th>H1</th><th>H2</th></tr>",
    "title above": "<tr><th colspan=3>Ships</th></tr><tr><th>Quay</th><th>2023 H1</th><th>2023 H2</th></tr>",
}


@pytest.mark.parametrize("head", HEADS)
def test_all_head_rows_of_a_table_name_its_columns(head: str) -> None:
    found = read(f"<table>{HEADS[head]}<tbody>{BODY}</tbody></table>")
    assert heads(found) == {"12": "2023 H1", "34": "2023 H2", "56": "2023 H1", "78": "2023 H2"}
    assert marked(found, "row") == ["North | 12 | 34", "South | 56 | 78"]


def test_a_title_between_the_rows_of_a_table_leaves_the_columns_their_names() -> None:
    head = "<tr><th>Quay</th><th>H1</th><th>H2</th></tr>"
    for title in ("<th colspan=3>East side</th>", "<td colspan=3>East side</td>", "<th>East side</th><td></td>"):
        found = read(f"<table>{head}<tr>{title}</tr>{BODY}</table>")
        assert heads(found) == {"12": "H1", "34": "H2", "56": "H1", "78": "H2"}


def test_cells_span_what_they_span_on_the_screen() -> None:
    first = "<tbody><tr><td rowspan=0>A</td><td>1</td></tr><tr><td>2</td></tr></tbody>"
    assert between(f"<table>{first}<tbody><tr><td>B</td><td>3</td></tr></tbody></table>") == ["A | 1", "A | 2", "B | 3"]
    over = "<thead><tr><th rowspan=9>A</th><th>h</th></tr></thead><tr><td colspan=0>x</td><td>4</td></tr>"
    assert between(f"<table>{over}</table>") == ["A | h", "x | 4"]
    short = (
        "<tr><td>a</td><td>b</td><td rowspan=2>c</td></tr><tr><td>d</td></tr><tr><td>e</td><td>f</td><td>g</td></tr>"
    )
    assert between(f"<table>{short}</table>") == ["a | b | c", "d | | c", "e | f | g"]
    foot = "<tfoot><tr><td>Sum</td><td>9</td></tr></tfoot><tbody><tr><td>N</td><td>9</td></tr></tbody>"
    assert between(f"<table><caption>Ships</caption>{foot}</table>") == ["Ships", "N | 9", "Sum | 9"]


def test_paragraphs_and_lists_in_a_cell_make_no_figure_together() -> None:
    cells = "<td><p>12</p><p>345</p></td><td><ul><li>6<li>7</ul></td>"
    assert between(f"<table><tr>{cells}</tr></table>") == ["12; 345 | 6; 7"]


@pytest.mark.parametrize(
    ("body", "rules", "shown"),
    [
        ("Mail <b>ln.keob@dab</b> now", "b { unicode-bidi: bidi-override; direction: rtl }", "Mail bad@boek.nl now"),
        ("Code <bdo dir=rtl>(52)<i>00</i></bdo>", "", "Code 00(25)"),
        ("Code <bdo dir=ltr>52</bdo>", "", "Code 52"),
        ("Code <b>52</b>", "b { direction: rtl }", "Code 52"),  # a figure is not turned by its direction alone
        ("Code <bdo dir=rtl>\u05d0\u05d1 52</bdo>", "", "Code \u05d0\u05d1 52"),
        ("<time>10:42</time><b>Council</b> met", "", "10:42 Council met"),
        ("Open<time>10:42</time>Uhr", "", "Open 10:42 Uhr"),
        ("At <time>10:42</time>, he (<time>11:00</time>) left", "", "At 10:42, he (11:00) left"),
        ("Rent 900<i> or 800</i>", "i { display: inline-block; width: 0; height: 0; overflow: hidden }", "Rent 900"),
        ("Rent 900<i> or 800</i>",
         "i { position: absolute; width: 1px; height: 1px; overflow: clip }", "Rent 900"),
        ("Rent 900<i> or 800</i>", "i { width: 0; height: 0; overflow: hidden }", "Rent 900 or 800"),  # is no box
        ("Rent 900<i> or 800</i>", "i { display: block; width: 0; height: 0 }", "Rent 900\n\nor 800"),
        ("Paid 3<span class=frac>1/2</span> pence", "", "Paid 3 1/2 pence"),
        ("Paid 3<span class='fraction small'>1\u20442</span> pence", "", "Paid 3 1\u20442 pence"),
        ("Paid <span class=frac>1/2</span> pence of <span class=frac>12</span>", "", "Paid 1/2 pence of 12"),
        ("Paid 3<span class=fractional>25</span> euros", "", "Paid 325 euros"),
        ("<b class=x>A</b>, b", ".x::after { content: '; {c}' }", "A; {c}, b"),
        ("<b class=x>A</b>, b", ".x::after { content: ' \\3b  }\\'' } b { display: none } .x { display: inline }",
         "A ; }', b"),
        ("A<i>B</i>", ".q::after { content: '}' } i { display: none }", "A"),
    ],
)  # fmt: skip
def test_a_line_is_read_as_it_looks(body: str, rules: str, shown: str) -> None:
    assert "\n\n".join(between(f"<p>{body}</p>", rules)) == shown


def test_a_heading_of_several_blocks_is_one() -> None:
    found = read("<h1><span class=n>1</span>The <div>salt</div> road</h1><p>It is long.</p>", ".n { display: block }")
    assert marked(found, "heading") == ["1", "The", "salt", "road"]


@pytest.mark.parametrize(
    ("body", "rules", "shown"),
    [
        ("Rent 900<i> or 800</i>", "i { font: 0/0 a }", "Rent 900"),
        ("Rent 900<i> or 800</i>", "i { font: 0px serif }", "Rent 900"),
        ("<u>Rent <i>900</i></u>", "u { font: 0/0 a } i { font: bold 12px/1.5 serif }", "900"),
        ("Rent <i>900</i>", "i { font: 400 10px serif }", "Rent 900"),
        ("Rent 900<i> or 800</i>", "i { filter: opacity(0) }", "Rent 900"),
        ("Rent 900<i> or 800</i>", "i { transform: translate(0) scale(0) }", "Rent 900"),
        ("Rent 900<i> or 800</i>", "i { transform: scale(0); transition: transform 1s }", "Rent 900 or 800"),  # grows
        ("Rent 900<i> or 800</i>", "i { transform: scale(0.5) }", "Rent 900 or 800"),
        ("Rent 900<i> or 800</i>", "i { position: fixed; inset: -9999px auto auto 0 }", "Rent 900"),
        ("Mail <b>12</b>25 old", "b { padding: 0 6px }", "Mail 12 25 old"),
        ("Mail 12<b>25</b> old", "b { margin-left: 6px }", "Mail 12 25 old"),
        ("Mail 12<b>25</b> old", "b { margin-left: 0 }", "Mail 1225 old"),
        ("<b>T</b>he lock", "b { padding-right: 4px }", "The lock"),  # the first letter of a word
        ("<input type=checkbox checked>Fire <input type=checkbox><label>Flood</label>", "", "\u2612 Fire \u2610 Flood"),
        ("<input type=radio>", "", ""),
        ("Is x<sub>i</sub><sup>2</sup> so", "", "Is xi\u00b2 so"),
        ("Is A<sub>1</sub><sup>2</sup> so", "", "Is A\u2081\u00b2 so"),
        ("Seen <i>below</i><sup>2</sup> so", "", "Seen below so"),  # a note
        ("Paid 7<sup>s.</sup> 3<sup>d.</sup> then", "", "Paid 7s. 3d. then"),
        ("Seen<sup>a.</sup> then", "", "Seen then"),
        ("Pay <b>25</b> 19", "b::after { content: ''; position: absolute; top: 50%; height: 1px }", "Pay 19"),
        ("Pay <b>25</b> 19", "b:before { content: \"\"; position: absolute; top: calc(50% - 1px) }", "Pay 19"),
        ("Pay <b>25</b> 19", "b::after { content: ''; position: absolute; top: 100%; height: 1px }", "Pay 25 19"),
        ("Pay <b>all</b> 19", "b::after { content: ''; position: absolute; top: 50%; height: 1px }", "Pay all 19"),
        ("Pay <b><i>25</i></b> 19", "b::after { content: ''; position: absolute; top: 50% }", "Pay 25 19"),
        ("Held until <span class=pagenum>[Pg 46]</span>1392", "", "Held until 1392"),
        ("Held <a epub:type=pagebreak role=doc-pagebreak>xii</a>until", "", "Held until"),
        ("See <span class=page-number>page 12 of the rolls</span>", "", "See page 12 of the rolls"),
        ("See <span class=homepagenumbers>12</span>", "", "See 12"),
    ],
)  # fmt: skip
def test_what_a_style_sheet_says_in_other_words(body: str, rules: str, shown: str) -> None:
    assert "".join(between(f"<p>{body}</p>", rules)) == shown


def rows_of(names: str, *rows: str) -> list[str]:
    """HTML of divs within each other: of a row, of its cells."""
    return [f"<div {names}><span>{'</span><span>'.join(row.split())}</span></div>" for row in rows]


def test_what_is_called_or_shown_as_a_table_is_one() -> None:
    shown = "".join(rows_of("class=r", "Mill Built Wheels", "Low 1804 2")) + (
        "<div class=r><span>Top</span><span></span><span>3</span></div>"
    )
    style = ".t { display: table } .r { display: table-row } .r span { display: table-cell }"
    found = read(f"<div class=t>{shown}</div>", style)
    assert heads(found) == {"1804": "Built", "2": "Wheels", "3": "Wheels"}
    called = "".join(rows_of("role=row", "Trout 210", "Pike 34")).replace("<span", "<span role=cell")
    named = "<div role=row><b role=columnheader>Fish</b><b role=columnheader>Number</b></div>"
    assert heads(read(f"<section role=table>{named}{called}</section>")) == {"210": "Number", "34": "Number"}


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ("<div class=r><i>a</i><i>b</i></div>", ".r { display: table-row } i { display: table-cell }"),  # without table
        ("<div class=t><div class=r>a <i>b</i></div></div>", ".t { display: table } .r, i { display: table-row }"),
        ("<div role=row><i role=cell>a</i><i role=cell>b</i></div>", ""),
        ("<div role=table><div role=row><b>x</b><i role=cell>a</i><i role=cell>b</i></div></div>", ""),
    ],
)
def test_half_a_table_is_none(body: str, style: str) -> None:
    assert not marked(read(body, style), "row")


def test_words_over_figures_name_columns_without_head_cells() -> None:
    def table(*rows: str) -> Extract:
        cells = "".join(f"<tr><td>{'</td><td>'.join(row.split('|'))}</td></tr>" for row in rows)
        return read(f"<table>{cells}</table>")

    assert heads(table("Item|Offer|2023", "Tiles|12|34")) == {"12": "Offer", "34": "2023"}
    assert heads(table("Bar|Stress|Stretch", "-|N/mm\u00b2|%", "Long|890|12")) == {
        "890": "Stress N/mm\u00b2",
        "12": "Stretch %",
    }
    assert heads(read("<table><tr><th>Bar<th>Stress</tr><tr><td><td>kN</tr><tr><td>A<td>12</tr></table>")) == {
        "12": "Stress kN"
    }
    assert marked(table("Length|46 km|a", "Weight|12|34"), "columns") == []  # a row of data
    assert marked(table("Ann|Hull|clerk", "Ben|York|smith"), "columns") == []
    assert marked(table("Born|Hull", "Died|1950"), "columns") == []


@pytest.mark.parametrize(
    ("picture", "shown"),
    [
        (r'<img src="a.png" alt="\frac{1}{2} mg">', "[formula]"),
        ('<img class="mwe-math-fallback-image-inline" alt="x_{2}">', "[formula]"),
        ('<img class="latex" src="a.png">', "[formula]"),
        ("<span><math><mi>x</mi></math><img class='mwe-math' alt='x_{1}'></span>", "x"),
        ('<img src="a.png" alt="a smiling face">', ""),
    ],
)
def test_a_picture_of_a_formula_leaves_a_mark_in_its_sentence(picture: str, shown: str) -> None:
    text = extract_of(
        f"<html><body><main><p>The dose is {picture} a day for all adults.</p></main></body></html>", ".html"
    )
    assert f"The dose is {shown}{' ' if shown else ''}a day" in text.text
