"""Whatever the text, a formula or one clear error that points at the place."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdf_siren.errors import UsageError
from sdf_siren.expressions import parse

BAD = {
    "": "expected a formula, found none",
    "  \n\t ": "expected a formula, found none",
    "1 +": "column 4: expected a number, a name or '(', found the end",
    "* 2": "column 1: expected a number, a name or '(', found '*'",
    "2x": "column 2: expected an operator or the end, found 'x'; write * to multiply",
    "2(x)": "write * to multiply",
    "x(2)": "column 1: x is not a function; write * to multiply",
    "(x": "column 3: expected ')' to close the '(' of column 1, found the end",
    "x)": "column 2: expected an operator or the end, found ')'",
    "sin": "column 1: the function sin needs its arguments in parentheses",
    "sin()": "sin takes 1 argument, found 0",
    "sin(x, y)": "sin takes 1 argument, found 2",
    "atan2(x)": "atan2 takes 2 arguments, found 1",
    "min(x)": "min takes 2 or more arguments, found 1",
    "sni(x)": "column 1: unknown function 'sni'; did you mean sin?",
    "radius": "unknown name 'radius'; expected one of x, y, pi, e",
    "1 + yy": "column 5: unknown name 'yy'; did you mean y?",
    "i*x": "column 1: the imaginary unit i is for complex problems only",
    "x < 1": "column 3: a comparison belongs inside where(condition, a, b)",
    "x and y": "a comparison belongs inside where(condition, a, b)",
    "where(x, 1, 2)": "column 8: expected a comparison such as x < 1, found ','",
    "where(0 < x < 1, 1, 2)": "comparisons do not chain",
    "where(x < 1, 2)": "column 15: expected ',' after the second argument",
    "where(x = 1, 2, 3)": "column 9: found '='; write == to compare",
    "where(x < 1 && y < 1, 2, 3)": "write and",
    "1 + (x < 2)": "expected ')' to close",
    "1/0": "column 3: division by zero",
    "x/(1 - 1)": "column 3: division by zero",
    "0**-1": "column 1: division by zero",
    "1e999": "column 1: the number is too large",
    "1e200*1e200": "column 1: the value here is too large",
    "9**9**9**9": "column 7: expected an exponent of at most 1000, found 3.8742e+08",
    "x**1e6": "expected an exponent of at most 1000",
    "(-8)**(1/3)": "a negative number to a fractional power is not real",
    "log(0)": "column 1: the value here is too large or not a number",
    "sqrt(-1) * x": "column 1: the value here is too large or not a number",
    "__import__('os').system('true')": 'found "\'"',
    "__import__(x)": "unknown function '__import__'",
    "x.real": "column 2: found '.'",
    "x.__class__": "column 2: found '.'",
    "lambda x: x": "column 9: found ':'",
    "[x for x in y]": "column 1: found '['",
    "x if x else y": "expected an operator or the end, found 'if'",
    "x; y": "column 2: found ';'",
    "x := 2": "found ':'",
    "eval(x)": "unknown function 'eval'",
    '"x"': "column 1: found '\"'",
    "x\x00": "column 2: found '\\x00'",
    "х + 1": "column 1: found U+0445 (cyrillic small letter ha)",
    "２*x": "column 1: found U+FF12 (fullwidth digit two)",
    "x²": "column 2: found U+00B2 (superscript two)",
    "x\u200b": "column 2: found U+200B (zero width space)",
    "\u202ex": "column 1: found U+202E (right-to-left override)",
    "x\u00a0+ 1": "column 2: found U+00A0 (no-break space)",
    "\ud800": "column 1: found U+D800",
    "0x10": "column 2: expected an operator or the end, found 'x10'",
    "1_000": "expected an operator or the end, found '_000'",
    "1..2": "expected an operator or the end, found '.2'",
    "x // 2": "column 4: expected a number, a name or '(', found '/'",
    "x % 2": "column 3: found '%'; there is no %",
}
HOSTILE = {
    "parentheses": "(" * 10**6 + "x" + ")" * 10**6,
    "few parentheses": "(" * 200 + "x" + ")" * 200,
    "open only": "(" * 3999,
    "signs": "-" * 3000 + "x",
    "powers": "x" + "**x" * 1000,
    "functions": "sin(" * 500 + "x" + ")" * 500,
    "conditions": "where(" * 500 + "x<1" + ",1,1)" * 500,
    "negations": "where(" + "not " * 900 + "x<1, 1, 1)",
    "digits": "9" * 10**6,
    "many digits": "9" * 3000,
    "a long name": "a" * 3500,
    "factorial of powers": "**".join(["9"] * 30),
}


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_what_is_no_formula_is_told_where_and_why(text):
    with pytest.raises(UsageError) as caught:
        parse(text, ["x", "y"])
    assert BAD[text] in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_soon_in_one_short_line(name):
    with pytest.raises(UsageError) as caught:
        parse(HOSTILE[name], ["x", "y"])
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "(" * 40 + "x" + ")" * 40,
        "-" * 40 + "x",
        "sin(" * 40 + "x" + ")" * 40,
        "where(" * 20 + "x<1,x,1)" + "<1,1,1)" * 19,
    ],
    ids=["parentheses", "signs", "functions", "conditions"],
)
def test_the_depth_that_is_allowed_is_held_by_the_stack(text):
    expression = parse(text, ["x"])
    assert parse(str(expression), ["x"]) == expression
    assert expression(torch.zeros(1, 1, dtype=torch.float64)).value.shape == (1,)


class TestComplex:
    @pytest.mark.parametrize("text", ["min(i, x)", "atan2(x, i*x)", "heaviside(i)", "erf(x + i)"])
    def test_real_functions_refuse_complex_arguments(self, text):
        with pytest.raises(UsageError, match="takes real arguments only"):
            parse(text, ["x"], complex=True)

    def test_complex_values_have_no_order(self):
        with pytest.raises(UsageError, match="column 7: complex values have no order"):
            parse("where(i*x < 1, 1, 2)", ["x"], complex=True)

    def test_the_unit_is_suggested_only_where_it_may_be_used(self):
        with pytest.raises(UsageError, match=r"expected one of x, pi, e$"):
            parse("unknown", ["x"])
        with pytest.raises(UsageError, match=r"expected one of x, pi, e, i$"):
            parse("unknown", ["x"], complex=True)


@pytest.mark.parametrize("names", [["e"], ["sin"], ["x", "x"], ["not"], ["a b"], [""], ["х"], ["where"]])
def test_names_that_could_be_misread_are_refused(names):
    with pytest.raises(UsageError, match="expected distinct plain names"):
        parse("1", names)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=60)
    | st.text("xy01.+-*/^()<>=, ensiwhratodp", max_size=60)
    | st.lists(
        st.sampled_from(["x", "y", "2", ".5", "+", "-", "*", "/", "**", "(", ")", ",", "sin", "where", "<"])
    ).map(" ".join)
)
@example("where(x<1,1,2")
def test_any_text_is_a_formula_or_an_error(text):
    try:
        expression = parse(text, ["x", "y"])
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017
        return
    assert parse(str(expression), ["x", "y"]) == expression
    assert expression(torch.ones(2, 2, dtype=torch.float64)).value.shape == (2,)
