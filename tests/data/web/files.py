# Asks sectxt about every file. In: JSON {name: text} on standard input, octets as Latin-1; out: JSON {name: [code]}.
import json, sys
import sectxt

def codes(text):
    parser = sectxt.Parser(text.encode("latin-1"))
    return sorted({error["code"] for error in parser.errors + parser.recommendations})

json.dump({name: codes(text) for name, text in json.load(sys.stdin).items()}, sys.stdout)
