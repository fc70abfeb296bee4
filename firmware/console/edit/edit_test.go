package edit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/testbench/expect"
)

// desk is an editor with a terminal before it.
type desk struct {
	*edit.Editor
	screen *expect.Screen
}

func at(width int, prompt string, mode edit.Mode) *desk {
	d := &desk{edit.New(width), expect.NewScreen(width)}
	d.Begin(prompt, mode)
	d.flush()
	return d
}

func (d *desk) flush() { d.screen.Write(d.Output()) }

// keys types and returns what came of the last byte that did something.
func (d *desk) keys(s string) (last edit.Kind) {
	for i := range len(s) {
		k := d.Feed(s[i])
		d.flush()
		if k != edit.Nothing {
			last = k
		}
	}
	return last
}

// Keys, what the row shows, and where the cursor stands.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		keys, row string
		col       int
	}{
		{"status", "> status", 8}, {"stax\btus", "> status", 8}, {"stax\x7ftus", "> status", 8}, {"\b\b", ">", 2},
		{"lines\x01\x06\x06X", "> liXnes", 5}, {"lines\x02\x02\x04", "> lins", 5}, {"one two\x17", "> one", 6}, {"one two\x15", ">", 2},
		{"one two\x01\x0b", ">", 2}, {"one two\x1b[D\x1b[D\x1b[3~", "> one to", 7}, {"ab\x1b[Hx\x1b[Fy", "> xaby", 6}, {"ab\x1bOHx\x1b[1~y\x1b[4~z", "> yxabz", 7},
		{"año", "> año", 5}, {"an\u0303o e\u0301", "> año é", 7}, {"日本\b", "> 日", 4}, {"a日b\x01\x04", "> 日b", 2},
		{"one two\x1bbX", "> one Xtwo", 7}, {"one two\x01\x1bfX", "> oneX two", 6}, {"x\x1b[15~\x1b[[A", "> x", 3},
		{"a\x01b", "> ba", 3}, {"a\x00", ">", 2}, {"a\xffb", "> a?b", 5}, {"a\xff\bb", "> ab", 4}, {"a\xc3(", "> a?(", 5}, {"a\x0e", "> a", 3},
		{"a\x16?b", "> a?b", 5}, {"'?", "> '?", 4}, {"\x18\x1a", "> ??", 4},
	} {
		d := at(80, "> ", edit.Command)
		d.keys(c.keys)
		if k := d.Feed(0x0C); k != edit.Nothing { // the row as it is drawn anew is as it was changed
			t.Errorf("%q: ^L is %d", c.keys, k)
		}
		row, col := d.screen.Row()
		d.flush()
		again, cagain := d.screen.Row()
		if c.keys == "a\x00" { // cancelled: nothing is begun
			row, col, again, cagain = c.row, c.col, c.row, c.col
		}
		if row != c.row || col != c.col || again != row || cagain != col || d.screen.Err() != nil {
			t.Errorf("%q: %q %d, drawn anew %q %d, not %q %d; %v", c.keys, row, col, again, cagain, c.row, c.col, d.screen.Err())
		}
	}
}

// What ends a line, and with what.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		keys string
		want edit.Kind
		text string
	}{
		{"status\r", edit.Entered, "status"}, {"status\n", edit.Entered, "status"}, {"\r", edit.Entered, ""}, {"a\x03", edit.Cancelled, ""}, {"a\x00", edit.Cancelled, ""},
		{"\x00\x00", edit.Nothing, ""}, {"\x04", edit.Ended, ""}, {"ab\x04", edit.Nothing, ""}, {"a?", edit.Asked, ""}, {"a\xff?", edit.Nothing, ""}, {"a\t", edit.Tabbed, ""},
		{"sta\xfftus\r", edit.Refused, ""}, {"sta\x18tus\r", edit.Refused, ""}, {"sta\u202etus\r", edit.Refused, ""}, {"sta\xff\btus\r", edit.Entered, "status"}, {"sta\xc3\r", edit.Refused, ""},
		{"sta\x1b\r", edit.Refused, ""}, {"\x1b[\r", edit.Refused, ""}, {"aé\r", edit.Entered, "aé"}, {"\x16?\r", edit.Entered, "?"},
	} {
		d := at(80, "> ", edit.Command)
		if got := d.keys(c.keys); got != c.want || d.Text() != c.text {
			t.Errorf("%q: %d %q, not %d %q", c.keys, got, d.Text(), c.want, c.text)
		}
	}
}

// CR, LF, CR LF and CR NUL each end one line and no second one.
func TestLineEnds(t *testing.T) {
	for _, nl := range []string{"\r", "\n", "\r\n", "\r\x00"} {
		d, n := at(80, "> ", edit.Command), 0
		for _, b := range []byte("a" + nl + "b" + nl + nl) {
			if k := d.Feed(b); k == edit.Entered {
				n++
				d.Begin("> ", edit.Command)
			} else if k != edit.Nothing {
				t.Errorf("%q: %d", nl, k)
			}
		}
		if n != 3 {
			t.Errorf("%q ended %d lines, not 3", nl, n)
		}
	}
}

// The past goes up and down, keeps what was being typed, has no doubles, is bounded,
// and holds no answer and no secret.
func TestPast(t *testing.T) {
	d := at(80, "> ", edit.Command)
	line := func(mode edit.Mode, text string) {
		d.keys(text + "\r")
		d.Begin("> ", mode)
		d.flush()
	}
	line(edit.Command, "one")
	line(edit.Command, "two")
	line(edit.Command, "two")
	line(edit.Secret, "  ")
	line(edit.Answer, "hunter2")
	line(edit.Command, "an answer")
	row := func(keys, want string) {
		t.Helper()
		d.keys(keys)
		if got, _ := d.screen.Row(); got != want {
			t.Errorf("after %q: %q, not %q", keys, got, want)
		}
	}
	row("draft\x10", "> two")
	row("\x1b[A", "> one")
	row("\x10", "> one")
	row("\x0e", "> two")
	row("\x1b[B", "> draft")
	row("\x15", ">")
	for i := range 3 * edit.MaxPast {
		line(edit.Command, fmt.Sprint("n", i))
	}
	row(strings.Repeat("\x10", 2*edit.MaxPast), fmt.Sprint("> n", 2*edit.MaxPast))
	d.keys("\r")
	d.Forget()
	d.Begin("> ", edit.Command)
	row("\x10", fmt.Sprint("> n", 3*edit.MaxPast-1))
}

// A secret shows nothing at all, not even its length, and can be corrected.
func TestSecret(t *testing.T) {
	d := at(80, "Password: ", edit.Secret)
	d.keys("hunterx\b2")
	if row, col := d.screen.Row(); row != "Password:" || col != 10 {
		t.Errorf("%q %d", row, col)
	}
	if k := d.keys("?ñ\r"); k != edit.Entered || d.Text() != "hunter2?ñ" {
		t.Errorf("%d %q", k, d.Text())
	}
	if s := d.screen.String(); strings.ContainsAny(s, "hunt") {
		t.Errorf("the screen has %q", s)
	}
}

// A long line scrolls in its row and marks what is left and right of the window.
func TestLongLine(t *testing.T) {
	d := at(20, "> ", edit.Command)
	d.keys("abcdefghijklmnopqrstuvwxyz")
	if row, col := d.screen.Row(); !strings.HasPrefix(row, "> <") || !strings.HasSuffix(row, "z") || col >= 19 {
		t.Errorf("%q %d", row, col)
	}
	d.keys("\x01")
	if row, col := d.screen.Row(); row != "> abcdefghijklmnop>" || col != 2 {
		t.Errorf("%q %d", row, col)
	}
	if n := d.screen.Rows(); n != 1 {
		t.Errorf("it took %d rows", n)
	}
	d.keys(strings.Repeat("x", 2*edit.MaxLine))
	if k := d.keys("\r"); k != edit.Entered || len(d.Text()) != edit.MaxLine || d.screen.Bells() == 0 {
		t.Errorf("%d, %d characters, %d bells", k, len(d.Text()), d.screen.Bells())
	}
}

// any is what may come from a terminal: keys, text, and what a wrong speed makes of
// them.
var any = rapid.OneOf(
	rapid.SampledFrom([]string{"\r", "\n", "\b", "\x7f", "\x01", "\x02", "\x05", "\x06", "\x0b", "\x0c", "\x0e", "\x10", "\x15", "\x17", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D",
		"\x1b[3~", "\x1b[H", "\x1bb", "\x1bf", "?", "\t", "\x03", "\x04", "\x00", "ñ", "日", "e\u0301", "'"}),
	rapid.StringMatching(`[a-z áéíóúñü]{1,30}`),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 8), func(b []byte) string { return string(b) }),
)

// TestScreenIsWhatItThinks holds the row of a terminal that knows nothing against one
// that is drawn in one stroke from the same line: they are the same after every key,
// nothing but text, CR, LF, BS and BEL was written, and never two rows for one line.
func TestScreenIsWhatItThinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.SampledFrom([]int{20, 33, 80, 132}).Draw(t, "width")
		prompt := rapid.SampledFrom([]string{"> ", "maria@centralita> ", "日 ", strings.Repeat("long", 30)}).Draw(t, "prompt")
		mode := rapid.SampledFrom([]edit.Mode{edit.Command, edit.Command, edit.Answer, edit.Secret}).Draw(t, "mode")
		d := at(width, prompt, mode)
		for range rapid.IntRange(1, 60).Draw(t, "keys") {
			for _, b := range []byte(any.Draw(t, "key")) {
				rows := d.screen.Rows()
				k := d.Feed(b)
				d.flush()
				switch k {
				case edit.Nothing:
				case edit.Asked:
					d.Leave()
					d.Resume()
				case edit.Tabbed:
					d.Wipe()
					d.Insert("ín ")
				default:
					if d.screen.Rows() == rows {
						t.Fatalf("kind %d left no fresh row", k)
					}
					d.Begin(prompt, mode)
				}
				d.flush()
				was, col := d.screen.Row()
				d.Leave()
				d.Resume()
				d.flush()
				if row, c := d.screen.Row(); row != was || c != col || col >= width {
					t.Fatalf("after %q: %q, cursor %d; drawn anew %q, cursor %d", b, was, col, row, c)
				}
				if err := d.screen.Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// bounded is how many bytes may come back for one byte: a long line whose window
// moves, and a row more.
func bounded(width int) int { return 8 * width }

// feed gives raw to an editor and reports what a rule of it was broken.
func feed(raw []byte, width int) error {
	d := at(width, "centralita> ", edit.Command)
	for i, b := range raw {
		k := d.Feed(b)
		out := d.Output()
		if len(out) > bounded(width) {
			return fmt.Errorf("byte %d of %q makes %d bytes", i, raw, len(out))
		}
		d.screen.Write(out)
		if k == edit.Entered {
			if !utf8.ValidString(d.Text()) || strings.ContainsFunc(d.Text(), func(r rune) bool { return edit.Columns(string(r)) == 0 }) {
				return fmt.Errorf("%q was entered", d.Text())
			}
		}
		if k > edit.Nothing && k != edit.Asked && k != edit.Tabbed {
			d.Begin("centralita> ", edit.Command)
			d.flush()
		}
	}
	return d.screen.Err()
}

// FuzzEditor gives it anything: it does not fall over, what it answers is bounded and
// only text, and what is entered is text.
func FuzzEditor(f *testing.F) {
	for _, s := range []string{"status\r", "\x1b[A\x1b[1;5D", "ñ\xff\x00\r", "\x1b[999999999999999999999999~", "\x16\x16?\r\n", "日\b\b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, width := range []int{20, 80} {
			if err := feed(raw, width); err != nil {
				t.Error(err)
			}
		}
	})
}

// A line at the wrong speed: bytes with the statistics of framing errors, for each of
// the usual ones. No line of them is a command of two letters or more.
func TestGarbageAtEveryBaudRate(t *testing.T) {
	sent := []byte("\r\nstatus\r\nfactory-reset\r\nlogin maria\r\n")
	for _, baud := range expect.WrongSpeeds {
		rng := rand.New(rand.NewPCG(uint64(baud), 1))
		for round := range 20 {
			heard := expect.Misread(sent, baud/115200, rng)
			if err := feed(heard, 80); err != nil {
				t.Fatalf("%v baud, round %d: %v", baud, round, err)
			}
			d := at(80, "> ", edit.Command)
			for _, b := range heard {
				if d.Feed(b) == edit.Entered && len(strings.TrimSpace(d.Text())) > 5 {
					t.Errorf("%v baud entered %q", baud, d.Text())
				}
			}
		}
	}
}
