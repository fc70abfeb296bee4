package segment

import (
	"errors"

	"github.com/centralita/centralita/hal/display"
)

// Lines are the two wires of a TM1637, CLK and DIO, in this order: outputs with
// an open drain, so that a 1 lets the wire go and Values reads what is on it.
type Lines interface {
	SetValues(values []int) error
	Values(values []int) error
	Close() error
}

// Commands (TM1637 data sheet 5).
const (
	writeNext  = 0x40 // data follows, each to the next digit
	firstPlace = 0xC0
	control    = 0x80
	lit        = 0x08 // and the duty, 0 (1/16) to 7 (14/16)
)

var errNoAnswer = errors.New("it does not answer")

// tm1637 is the controller on two wires, a bus of its own: bytes from the lowest
// bit on, a ninth clock in which the controller pulls DIO down.
type tm1637 struct {
	lines Lines
	level [2]int // CLK and DIO
}

// OpenTM1637 darkens a module; it owns the lines from now on.
func OpenTM1637(lines Lines) (*Module, error) {
	return open(&tm1637{lines: lines, level: [2]int{1, 1}})
}

// LaterTM1637 returns a module that may be plugged in later: the first call that it
// answers sets it up.
func LaterTM1637(lines Lines) *Module {
	return &Module{chip: &tm1637{lines: lines, level: [2]int{1, 1}}}
}

func (t *tm1637) String() string { return "its two lines" }

func (t *tm1637) show(p picture, l display.Light) error {
	if p.colon {
		p.digits[1] |= 0x80
	}
	on := byte(control)
	switch l {
	case display.Dim:
		on |= lit
	case display.Full:
		on |= lit | 7
	}
	for _, b := range [][]byte{{writeNext}, append([]byte{firstPlace}, p.digits[:]...), {on}} {
		if err := t.send(b); err != nil {
			return err
		}
	}
	return nil
}

// send is a start, some bytes and a stop.
func (t *tm1637) send(list []byte) error {
	err := t.all(clk(1), dio(1), dio(0), clk(0)) // DIO falls while CLK is high
	for _, b := range list {
		if err == nil {
			err = t.byte(b)
		}
	}
	return errors.Join(err, t.all(clk(0), dio(0), clk(1), dio(1)))
}

func (t *tm1637) byte(b byte) error {
	for i := range 8 {
		if err := t.all(dio(b>>i&1), clk(1), clk(0)); err != nil {
			return err
		}
	}
	var on [2]int
	if err := errors.Join(t.all(dio(1), clk(1)), t.lines.Values(on[:]), t.all(clk(0))); err != nil {
		return err
	}
	if on[1] != 0 {
		return errNoAnswer
	}
	return nil
}

// change is a wire, 0 CLK or 1 DIO, and its next level.
type change struct{ wire, level int }

func clk(level byte) change { return change{0, int(level)} }
func dio(level byte) change { return change{1, int(level)} }

// all changes one wire after the other. A call into the kernel takes longer than
// the 1 µs that the controller needs between them.
func (t *tm1637) all(list ...change) error {
	for _, c := range list {
		t.level[c.wire] = c.level
		if err := t.lines.SetValues(t.level[:]); err != nil {
			return err
		}
	}
	return nil
}

// lost cannot be asked: the next picture sends all of it anyway.
func (t *tm1637) lost(picture) (bool, error) { return false, nil }

func (t *tm1637) close() error { return t.lines.Close() }
