"""Where a form came from: the only place that says in words why one from there is not taken."""

from nightbell.core import message

# What a browser sends that keeps the page's address to itself.
UNTOLD = "null"
_LONGEST = 200


def refused(origin: str | None, own: str, asked: str) -> str:
    """Why a form from `origin`, as the browser says it, is not taken; empty where that is not the reason.

    `own` is the address of the installation, `asked` the one by which this request came.
    """
    if origin in (None, own, asked):
        return ""
    if origin == UNTOLD:
        return (
            "The browser did not say which page the form is from (Origin: null). A privacy setting or an extension may "
            f"do that, or a page that shows this one in a frame. Open {own} itself, and try again."
        )
    return (
        f"The form is from {message.clean(str(origin), _LONGEST)}, and the address of this installation is {own} "
        "(NIGHTBELL_URL)."
    )
