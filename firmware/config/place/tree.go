package place

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Kind is the shape of a value.
type Kind uint8

// Shapes.
const (
	Nothing Kind = iota // empty, null or ~
	Text                // a single value: text, number, true, false
	List
	Table
)

// String returns the shape as a person says it.
func (k Kind) String() string {
	return [...]string{"empty", "a single value", "a list", "a table of keys"}[k]
}

// Node is one value of a document and where it stands.
type Node struct {
	At     At
	Kind   Kind
	Text   string // Text: as written, quotes and escapes resolved
	Quoted bool   // Text: was in quotes
	Items  []*Node
	Pairs  []Pair
}

// Pair is a key and its value.
type Pair struct{ Key, Value *Node }

// Parse reads a document. It returns nil when the document cannot be read at
// all; then sink says why. An empty document is a Nothing at 1:1.
func Parse(sink *Sink, data []byte) *Node {
	clean, ok := scan(sink, data)
	if !ok {
		return nil
	}
	file, err := parse(clean)
	if err != nil {
		reportSyntax(sink, err)
		return nil
	}
	empty := &Node{At: At{1, 1}}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			b := builder{sink: sink, lines: strings.Split(string(clean), "\n")}
			n := b.build(doc.Body, At{1, 1}, 0)
			if b.failed {
				return nil
			}
			return n
		}
	}
	return empty
}

// parse calls the parser; a panic of it on some document is that document's error.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the document confuses the reader: %v", r)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// hints turn the parser's words into ours and say what people usually meant.
var hints = []struct{ part, what, why, hint string }{
	{"mapping value is not allowed", "a colon is not understood here", "a line holds one key", "put a text that holds a colon in quotes"},
	{"value is not allowed in this context", "the line does not fit", "it belongs to no key above it", "check indentation, colons and quotes"},
	{"sequence end token", "a list is not closed", "its ] is missing", "add ]"},
	{"flow mapping end token", "a table is not closed", "its } is missing", "add }"},
	{"must be specified", "a comma is missing", "entries in brackets are divided by commas", "add ,"},
	{"reserved character", "the text begins with a reserved character", "@ and ` have no meaning", "put the text in quotes"},
	{"unknown escape", "an escape in the text is not known", `only \n, \t, \" and the like are`, "write the character itself, or use single quotes"},
	{"non-map value is specified", "the line is no key", "every line here must be key: value", "add a colon and a space after the key"},
}

// reportSyntax reports a parse error at its place in plain words.
func reportSyntax(sink *Sink, err error) {
	var se *yaml.SyntaxError
	if !errors.As(err, &se) || se.Token == nil || se.Token.Position == nil {
		msg, _, _ := strings.Cut(err.Error(), "\n")
		sink.Report(At{}, "the document cannot be read", msg, "check indentation, colons and quotes")
		return
	}
	at := At{se.Token.Position.Line, se.Token.Position.Column}
	for _, h := range hints {
		if strings.Contains(se.Message, h.part) {
			sink.Report(at, h.what, h.why, h.hint)
			return
		}
	}
	sink.Report(at, "the document cannot be read here", se.Message, "check indentation, colons and quotes")
}

// builder turns the parser's tree into ours.
type builder struct {
	sink   *Sink
	lines  []string // of the document
	failed bool
}

// locate returns where t stands. After empty lines in brackets the parser's
// column is off: then the nearest place on the line that reads like t is taken.
func (b *builder) locate(t *token.Token) At {
	at := At{max(t.Position.Line, 1), max(t.Position.Column, 1)}
	text := strings.Trim(t.Origin, " \t\r\n")
	if at.Line > len(b.lines) || text == "" {
		return at
	}
	line := b.lines[at.Line-1]
	best := At{}
	for i, col := 0, 1; i < len(line); col++ {
		if strings.HasPrefix(line[i:], text) && (best.Col == 0 || abs(col-at.Col) < abs(best.Col-at.Col)) {
			best = At{at.Line, col}
		}
		_, n := utf8.DecodeRuneInString(line[i:])
		i += n
	}
	if best.Col > 0 {
		return best
	}
	return at
}

func abs(n int) int { return max(n, -n) }

// build returns n as a Node; what stands nowhere takes the place of its parent.
func (b *builder) build(n ast.Node, parent At, depth int) *Node {
	at := parent
	if t := n.GetToken(); t != nil && t.Position != nil {
		at = b.locate(t)
	}
	if depth > 4*MaxDepth {
		return b.refuse(at, "the document is nested too deeply")
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return &Node{At: at}
	case *ast.StringNode:
		if n.Token != nil && n.Token.Value != "" && strings.Contains(strings.Trim(n.Token.Origin, " \t\r\n"), "\n") {
			return b.refuse(at, "a text goes on in the next line")
		}
		q := n.Token != nil && (n.Token.Type.String() == "SingleQuote" || n.Token.Type.String() == "DoubleQuote")
		return &Node{At: at, Kind: Text, Text: n.Value, Quoted: q}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return &Node{At: at, Kind: Text, Text: strings.TrimSpace(n.GetToken().Value)}
	case *ast.SequenceNode:
		out := &Node{At: at, Kind: List}
		for _, v := range n.Values {
			out.Items = append(out.Items, b.build(v, at, depth+1))
		}
		return out
	case *ast.MappingValueNode:
		out := &Node{At: at, Kind: Table}
		b.pair(out, n, n.IsFlowStyle, depth)
		return out
	case *ast.MappingNode:
		out := &Node{At: at, Kind: Table}
		for _, v := range n.Values {
			b.pair(out, v, n.IsFlowStyle, depth)
		}
		return out
	}
	return b.refuse(at, "this is not understood")
}

// pair appends key and value; a block table stands where its first key does.
func (b *builder) pair(out *Node, n *ast.MappingValueNode, inFlow bool, depth int) {
	key := b.build(n.Key, out.At, depth+1)
	value := b.build(n.Value, key.At, depth+1)
	if key.Kind != Text {
		b.refuse(key.At, "a key must be a plain word")
		return
	}
	if len(out.Pairs) == 0 && !inFlow {
		out.At = key.At
	}
	out.Pairs = append(out.Pairs, Pair{key, value})
}

// refuse reports something that is YAML but not ours.
func (b *builder) refuse(at At, what string) *Node {
	b.failed = true
	b.sink.Report(at, what, "only plain tables, lists and one-line texts are read", "check indentation, colons and quotes")
	return &Node{At: at}
}
