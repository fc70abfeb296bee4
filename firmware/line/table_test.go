package line

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write STATES.md anew")

// drawn are the machines of STATES.md with their tables.
var drawn = []struct {
	title string
	moves func() []Move
}{
	{"FXO: a line of the exchange", FXOMoves},
	{"FXS: a telephone on a socket of ours", FXSMoves},
}

// STATES.md shows the tables as they are in the code.
func TestStatesAreDrawn(t *testing.T) {
	var b strings.Builder
	b.WriteString("# States of lines and telephones\n\nWritten by `go test ./firmware/line -run StatesAreDrawn -update` from the tables in the code,\n" +
		"which the tests hold against the machines.\n")
	for _, d := range drawn {
		fmt.Fprintf(&b, "\n## %s\n\n%s", d.title, Diagram(d.moves()))
	}
	if *update {
		if err := os.WriteFile("STATES.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("STATES.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != b.String() {
		t.Error("STATES.md is not what the tables say: run this test with -update")
	}
}

// walked keeps which moves a machine made, to hold them against its table.
type walked map[Move]bool

// step notes a change of state by an event.
func (w walked) step(from State, ev Event, to State) {
	if from != to {
		w[Move{from, What(ev), to}] = true
	}
}

// holds fails for every move that the table does not have, and for every row of
// the table that was never walked.
func (w walked) holds(t *testing.T, table []Move) {
	t.Helper()
	rows := map[Move]bool{}
	for _, m := range table {
		if rows[m] {
			t.Errorf("the table has twice: %s, %s, %s", m.From, m.On, m.To)
		}
		rows[m] = true
		if !w[m] {
			t.Errorf("never walked: in %s on %s to %s", m.From, m.On, m.To)
		}
	}
	for m := range w {
		if !rows[m] {
			t.Errorf("not in the table: in %s on %s to %s", m.From, m.On, m.To)
		}
	}
}
