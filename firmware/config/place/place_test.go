package place

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// parse returns the tree and the problems as lines.
func parseText(text string) (*Node, []string) {
	sink := NewSink("t")
	n := Parse(sink, []byte(text))
	var out []string
	for _, p := range sink.Problems() {
		out = append(out, p.String())
	}
	return n, out
}

// show prints a tree with its places.
func show(n *Node) string {
	at := fmt.Sprintf("@%d:%d", n.At.Line, n.At.Col)
	switch n.Kind {
	case Text:
		if n.Quoted {
			return fmt.Sprintf("%q%s", n.Text, at)
		}
		return n.Text + at
	case List:
		var parts []string
		for _, i := range n.Items {
			parts = append(parts, show(i))
		}
		return "[" + strings.Join(parts, " ") + "]" + at
	case Table:
		var parts []string
		for _, p := range n.Pairs {
			parts = append(parts, show(p.Key)+"="+show(p.Value))
		}
		return "{" + strings.Join(parts, " ") + "}" + at
	}
	return "-" + at
}

func TestParseKnowsWhereEverythingStands(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "-@1:1"},
		{"# only a comment\n", "-@1:1"},
		{"---\na: b\n", "{a@2:1=b@2:4}@2:1"},
		{"\ufeffa: b\r\nc: d\r\n", "{a@1:1=b@1:4 c@2:1=d@2:4}@1:1"},
		{"ñ: 'it''s'   # [[[[\nú: \"a\\tb\"\n", "{ñ@1:1=\"it's\"@1:4 ú@2:1=\"a\\tb\"@2:4}@1:1"},
		{"a: {\"1\": es, b: [x, 007]}\n", "{a@1:1={\"1\"@1:5=es@1:10 b@1:14=[x@1:18 007@1:21]@1:17}@1:4}@1:1"},
		{"a:\n  - {id: L1}\n  - id: L2\n    n: true\n", "{a@1:1=[{id@2:6=L1@2:10}@2:5 {id@3:5=L2@3:9 n@4:5=true@4:8}@3:5]@2:3}@1:1"},
		{"a:\nb: ~\nc: null\n", "{a@1:1=-@1:3 b@2:1=-@2:4 c@3:1=-@3:4}@1:1"},
		{"a: 06:00\nb: it's [odd\nc: x#y\n", "{a@1:1=06:00@1:4 b@2:1=it's [odd@2:4 c@3:1=x#y@3:4}@1:1"},
		{"a: [\n  b,\n\n  c # why\n]\n", "{a@1:1=[b@2:3 c@4:3]@1:4}@1:1"},
	} {
		n, problems := parseText(c.text)
		if n == nil || len(problems) > 0 {
			t.Errorf("%q: %v", c.text, problems)
			continue
		}
		if got := show(n); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a: *11\n", `t:1:4: an alias is not allowed`},
		{"a: &x 1\n", "t:1:4: an anchor is not allowed"},
		{"a: !!binary x\n", "t:1:4: a tag is not allowed"},
		{"a: |\n  text\n", "t:1:4: a block of text is not allowed"},
		{"? a\n: b\n", "t:1:1: a question mark before a key"},
		{"\ta: b\n", "t:1:1: the line is indented with a tab"},
		{"a:\n  b: c\n\td: e\n", "t:3:1: the line is indented with a tab"},
		{"a: 'x\n", "t:1:4: a quoted text does not end"},
		{"a: b: c\n", "t:1:4: a colon is not understood here"},
		{"a: [b\n", "t:1:4: a list is not closed"},
		{"a: {b: c\n", "t:1:4: a table is not closed"},
		{"a: b\n---\nc: d\n", `t:2:1: "---" is not understood here`},
		{"%YAML 1.2\n---\n", "t:1:1: the line is a directive"},
		{"a: b\x00\n", "t:1:5: the character U+0000 is not allowed"},
		{"a: b\u202e\n", "t:1:5: the character U+202E is not allowed"},
		{"a: b\n\xff\n", "t:2:1: the byte 0xff is no text"},
		{"a: b\n  c\n", "t:1:4: a text goes on in the next line"},
		{"a: @b\n", "t:1:4: the text begins with a reserved character"},
		{"a: \"\\q\"\n", "t:1:6: an escape in the text is not known"},
		{strings.Repeat("x", MaxLine+1), "t:1:1: the line is too long"},
		{strings.Repeat("\n", MaxLines+1), "t:20001:1: the document is too long"},
		{strings.Repeat("a: b\n", MaxTable+1), "t:2001:1: the document has too many entries"},
		{"a: [" + strings.Repeat("\nb,", MaxTable+1) + "]", "the document has too many entries"},
		{strings.Repeat("-\n - b\n", MaxEntries), "the document has too many entries"},
		{strings.Repeat(" ", MaxSize+1), "t:1:1: the document has 1048577 bytes"},
	} {
		n, problems := parseText(c.text)
		if n != nil || len(problems) == 0 || !strings.Contains(problems[0], c.want) {
			t.Errorf("%.40q: %v, want %s", c.text, problems, c.want)
		}
	}
}

func TestDepthIsBoundedInEveryStyle(t *testing.T) {
	block := func(n int, step string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat("  ", i) + step + "\n")
		}
		return b.String() + strings.Repeat("  ", n) + "x\n"
	}
	for name, f := range map[string]func(int) string{
		"lists in brackets":  func(n int) string { return "a: " + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) },
		"tables in brackets": func(n int) string { return "a: " + strings.Repeat("{a: ", n-1) + "b" + strings.Repeat("}", n-1) },
		"over many lines":    func(n int) string { return "a:\n" + strings.Repeat("  [\n", n-2) + strings.Repeat("]", n-2) },
		"keys under keys":    func(n int) string { return block(n-1, "a:") },
		"lists under lists":  func(n int) string { return block(n-1, "-") },
		"dashes on one line": func(n int) string { return strings.Repeat("- ", n-1) + "x" },
	} {
		if n, problems := parseText(f(MaxDepth)); n == nil {
			t.Errorf("%s, %d deep: %v", name, MaxDepth, problems)
		}
		n, problems := parseText(f(MaxDepth + 1))
		if n != nil || len(problems) != 1 || !strings.Contains(problems[0], "nested too deeply") {
			t.Errorf("%s, %d deep: %v", name, MaxDepth+1, problems)
		}
	}
}

// bombs are documents that cost a careless reader seconds or gigabytes.
var bombs = map[string]string{
	"open brackets":       strings.Repeat("[", 200000),
	"brackets by line":    strings.Repeat("[\n", 200000),
	"brackets in quotes":  strings.Repeat("'[[[[[[[[[[[[[[[[[[[['\n", 20000),
	"brackets in comment": "a: b #" + strings.Repeat("[", 4000) + "\n",
	"shallow and wide":    strings.Repeat("- "+strings.Repeat("[", 30)+"a"+strings.Repeat("]", 30)+"\n", 20000),
	"many keys":           manyKeys(80000),
	"keys of one table":   manyKeys(MaxTable),
	"many tables":         strings.Repeat("- a: b\n", 60000),
	"laughs":              "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n",
	"long text":           "a: " + strings.Repeat("x", 1<<20-10),
	"empty lines":         strings.Repeat("\n", 1<<20),
	"comments":            strings.Repeat("# c\n", 1<<18),
	"continued text":      "a: x\n" + strings.Repeat("  x\n", 19000),
	"deep indentation":    deepIndent(),
	"commas":              "[" + strings.Repeat(",", 1<<19),
	"colons":              strings.Repeat("a:\n", 300000),
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: v\n", i)
	}
	return b.String()
}

func deepIndent() string {
	var b strings.Builder
	for i := range 1400 {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// security.md, row 25: bombs stay under 32 MB. The allocated sum bounds the peak.
func TestBombsTakeLittleMemory(t *testing.T) {
	for name, text := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, problems := parseText(text)
		runtime.ReadMemStats(&after)
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 32 {
			t.Errorf("%s: %d MB taken, %d problems", name, mb, len(problems))
		}
	}
}

func TestFieldsReportEverythingAtOnce(t *testing.T) {
	sink := NewSink("t")
	root := Parse(sink, []byte(`nam: x
list: [a, {b: c}]
yes: yes
ring: 20
long: 3h
use: bot
count: 5.5
empty:
twice: 1
twice: 2
text: [a]
table: b
colour: red
`))
	f := sink.Fields(root, At{}, "thing")
	f.NeedText("name", "Ana")
	f.NeedText("absent", "x")
	f.Texts("list")
	f.Bool("yes", false)
	f.Duration("ring", 0, time.Second, time.Minute)
	f.Duration("long", 0, time.Second, time.Minute)
	f.Enum("use", "both", "both", "in", "out")
	f.Int("count", 1, 0, 9)
	f.Text("empty", "")
	f.Int("twice", 0, 0, 9)
	f.Text("text", "")
	f.Fields("table", false)
	f.Fields("section", true)
	f.Done()
	var got []string
	for _, p := range sink.Problems() {
		got = append(got, p.String())
	}
	want := `t:1:1: absent is missing in thing, it has no default, add absent: x
t:1:1: section is missing in thing, it has no default, add section: its keys, indented by two spaces
t:1:1: unknown key "nam", thing has no such key, did you mean "name"?
t:2:11: an entry of list of thing must be a text, it is a table of keys, write one value
t:3:6: yes of thing must be true or false, it is "yes", write true or false without quotes
t:4:7: ring of thing must be a time from 1s to 1m, it is "20", a number without a unit is no time, write 20s or 20m
t:5:7: long of thing must be a time from 1s to 1m, it is "3h", the nearest is 1m
t:6:6: use of thing must be one of both, in, out, it is "bot", did you mean "both"?
t:7:8: count of thing must be a whole number from 0 to 9, it is "5.5", write it in digits
t:8:1: empty of thing has no value, a key without a value says nothing, write one or remove the key; # begins a comment, put it in quotes
t:10:1: key "twice" stands twice in thing, it stands in line 9 already, remove one of them
t:11:7: text of thing must be a text, it is a list, write one value
t:12:8: table must be a table of keys, it is a single value, write key: value with a space after the colon
t:13:1: unknown key "colour", thing has no such key, known are absent, count, empty, list, long, name, ring, section, table, text, twice, use, yes`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

func TestProblemsAreSortedAndNoneTwice(t *testing.T) {
	s := NewSink("f")
	s.Report(At{2, 1}, "b", "", "")
	s.Report(At{1, 9}, "c", "why", "hint")
	s.Report(At{2, 1}, "b", "", "")
	s.Report(At{}, "a", "why", "")
	got := fmt.Sprint(s.Problems())
	if want := "[f:1:1: a, why f:1:9: c, why, hint f:2:1: b]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNear(t *testing.T) {
	words := []string{"ext", "name", "socket", "password"}
	for word, want := range map[string]string{"extt": "ext", "naem": "name", "scoket": "socket", "passwrd": "password",
		"NAME": "name", "colour": "", "x": "", "": "", strings.Repeat("long", 40): ""} {
		if got := Near(word, words); got != want {
			t.Errorf("Near(%q) = %q, want %q", word, got, want)
		}
	}
}

// depth is how deep a tree is.
func depth(n *Node) int {
	d := 0
	for _, i := range n.Items {
		d = max(d, depth(i))
	}
	for _, p := range n.Pairs {
		d = max(d, depth(p.Value))
	}
	return d + 1
}

// checkPlaces checks that every plain word stands where the tree says.
func checkPlaces(t *testing.T, source []string, n *Node) {
	if n.Kind == Text && !n.Quoted {
		r := []rune(source[n.At.Line-1])
		if n.At.Col > len(r) || !strings.HasPrefix(string(r[n.At.Col-1:]), n.Text) {
			t.Fatalf("%q does not stand at %d:%d", n.Text, n.At.Line, n.At.Col)
		}
	}
	for _, i := range n.Items {
		checkPlaces(t, source, i)
	}
	for _, p := range n.Pairs {
		checkPlaces(t, source, p.Key)
		checkPlaces(t, source, p.Value)
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range bombs {
		if len(b) < 5000 {
			f.Add(b)
		}
	}
	for _, s := range []string{"a: {b: [c, 'd', \"e\"], f: g}\nh:\n  - i\n  - j: k\n", "- - - a\n", "a: 'x''y' # c\n", "a: \"\\\"[\"\n",
		"{a, b: , c}\n", "[[a]: b]\n", "a: b\n ? c\n", "a:b\n", "\"a\": [\n#x\n]", "a: - b\n", "<<: {a: b}\n", ": a\n", "- \n-\n", "!a b\n", "a: .inf\nb: 0x1f\nc: -1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sink := NewSink("f")
		n := Parse(sink, []byte(text))
		problems := sink.Problems()
		if (n == nil) == (len(problems) == 0) {
			t.Fatalf("tree %v with %d problems", n != nil, len(problems))
		}
		lines := strings.Count(text, "\n") + 1
		for _, p := range problems {
			s := p.String()
			if p.Line < 1 || p.Line > lines || p.Col < 1 || p.Col > len(text)+2 || strings.Contains(s, "\n") || !utf8.ValidString(s) {
				t.Fatalf("%q is no problem of %q", s, text)
			}
		}
		if n != nil {
			source := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
			checkPlaces(t, source, n)
		}
		if n != nil && depth(n) > 2*MaxDepth+2 {
			t.Fatalf("the tree is %d deep", depth(n))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(manyKeys(300))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if Parse(NewSink("b"), text) == nil {
			b.Fatal("the document is sound")
		}
	}
}
