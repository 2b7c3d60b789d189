"""What the languages call an answer: for each English phrase, the phrases of a language that mean it. Data only.

A phrase stands where it is read as its English, word for word; grammar is not minded, since English is read loosely.
Phrases are parted by bars and written in lower case. The empty English drops a phrase.
"""

from potstill.reading.lexicons.germanic import GERMANIC
from potstill.reading.lexicons.latin_script import LATIN_SCRIPT
from potstill.reading.lexicons.other_scripts import SCRIPTS, UNSPACED
from potstill.reading.lexicons.romance import ROMANCE

WESTERN = ROMANCE | GERMANIC | LATIN_SCRIPT

__all__ = ["SCRIPTS", "UNSPACED", "WESTERN"]
