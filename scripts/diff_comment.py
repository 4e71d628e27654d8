"""The body of the comment that .github/workflows/diff_comment.yml posts: from text that a pull request's own code has made.

`python3 scripts/diff_comment.py comment.md https://...` prints it as JSON; `--mark` prints how such a comment begins. It needs
nothing but Python, and trusts nothing in the text: it is cut to what a comment may have, and calls nobody.
"""

import json
import re
import sys
from pathlib import Path

MARK = "<!-- entity-metrics diff -->"
"""By this the comment is found again; entity_metrics.diff.render begins with it."""

LONGEST = 65_500


def body(text: str, run: str) -> str:
    """The comment, with where the full report is. text: Markdown of any length; run: the address of the workflow's run."""
    text = text.replace("\0", "")
    text = re.sub(r"@(?=[A-Za-z0-9])", "@\u200b", text)  # a name would call a person
    text = text.replace("<!--", "&lt;!--").replace("&lt;!-- entity-metrics diff -->", "", 1).lstrip()
    end = f"\n\nThe full report is the artifact `difference` of [this run]({run}).\n"
    most = LONGEST - len(MARK) - len(end) - 1
    if len(text) > most:
        text = text[: most - 20].rsplit("\n", 1)[0] + "\n\n(cut off)"
    return f"{MARK}\n{text.rstrip()}{end}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--mark"]:
        print(MARK)
    else:
        file, address = sys.argv[1:]
        print(json.dumps({"body": body(Path(file).read_text(encoding="utf-8", errors="replace"), address)}))
