// Package rescue is the desk at the serial line when no system can be started: show the
// slots, start one, write a signed update from a stick or the boot partition, erase the
// box. Nobody has to come: without an order it restarts after a while, so that a site whose
// power failed again and again, or whose fault has passed, is there again. Whoever stands at the serial port may do that and no more: nothing here reads
// what the box keeps, opens a shell or asks for a password, as there is nothing that one
// would open.
package rescue

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/update/slotwire"
)

// EraseWord is what must be typed to erase the box.
const EraseWord = "erase"

// Alone is how long a box waits for an order before it restarts by itself.
const Alone = 10 * time.Minute

// maxLine bounds what is taken of a line; garbage at a wrong baud rate has no line feed.
const maxLine = 200

// Box is what the desk works on.
type Box struct {
	// Ask does a request of slotwire and puts the reply into reply.
	Ask func(ctx context.Context, name string, ask any, progress func(json.RawMessage), reply any) error
	// Erase makes the data partition anew.
	Erase func() error
	// Reboot does not return when it could.
	Reboot func() error
	Why    string // nothing was started
}

// Serve talks until the box is restarted, in ends or ctx is done. A box that nobody gives
// an order for the time Alone restarts by itself: what kept it from starting may be over,
// as a power that failed again and again.
func (b Box) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d := &desk{Box: b, out: out, in: make(chan typed), until: time.Now().Add(Alone)}
	go d.listen(ctx, bufio.NewReaderSize(in, 4096))
	fmt.Fprintf(out, "\r\nCentralita: recuperación / recovery\r\n  %s\r\n", printable(b.Why))
	d.help()
	for {
		fmt.Fprint(out, "recovery> ")
		line, err := d.line(ctx)
		if errors.Is(err, errAlone) {
			fmt.Fprint(out, "\r\n  nadie aquí; reinicia / nobody here; restarts\r\n")
			if err = b.Reboot(); err == nil {
				return nil
			}
			d.tell(err)
			d.until = time.Now().Add(Alone)
			continue
		}
		if err != nil {
			return err
		}
		if words := strings.Fields(line); len(words) > 0 && d.do(ctx, words) {
			d.until = time.Now().Add(Alone)
		}
	}
}

// desk is one talk.
type desk struct {
	Box
	out   io.Writer
	in    chan typed
	until time.Time // without an order the box restarts
}

// typed is a line, or why there is none.
type typed struct {
	line string
	err  error
}

// errAlone is no order for the time Alone.
var errAlone = errors.New("nobody is at the desk")

// listen takes in lines until there are no more.
func (d *desk) listen(ctx context.Context, in *bufio.Reader) {
	for {
		line, err := readLine(in)
		select {
		case d.in <- typed{line, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// line waits for one.
func (d *desk) line(ctx context.Context) (string, error) {
	alone := time.NewTimer(time.Until(d.until))
	defer alone.Stop()
	select {
	case t := <-d.in:
		return t.line, t.err
	case <-alone.C:
		return "", errAlone
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *desk) tell(err error) { fmt.Fprintf(d.out, "%s\r\n", printable(err.Error())) }

func (d *desk) help() {
	fmt.Fprintf(d.out, "  slots            qué hay / what there is\r\n"+
		"  start a|b        arrancar a prueba / start it, on trial\r\n"+
		"  usb              actualizaciones en memorias USB / updates on USB sticks\r\n"+
		"  stage FILE usb   escribir una firmada desde USB / write a signed one from a stick\r\n"+
		"  stage FILE       desde la partición de arranque / from the boot partition\r\n"+
		"  … older          aunque sea más antigua / even if it is older\r\n"+
		"  factory-reset    borrar todo / erase everything\r\n"+
		"  reboot           reiniciar / restart\r\n"+
		"  sin órdenes reinicia en %[1]d min / without an order it restarts in %[1]d min\r\n", int(Alone.Minutes()))
}

// do carries out an order, and reports whether it was one.
func (d *desk) do(ctx context.Context, words []string) bool {
	var err error
	switch words[0] {
	case "slots":
		err = d.slots(ctx)
	case "start":
		err = d.start(ctx, words[1:])
	case "usb":
		err = d.usb(ctx)
	case "stage":
		err = d.stage(ctx, words[1:])
	case "factory-reset":
		err = d.erase(ctx)
	case "reboot":
		err = d.restart(ctx)
	case "?", "help", "ayuda":
		d.help()
	default:
		d.help()
		return false
	}
	if errors.Is(err, errAlone) {
		return false
	}
	if err != nil {
		d.tell(err)
	}
	return true
}

// restart restarts because somebody wants it: what was counted against the good slot is
// struck out, so that it is what starts.
func (d *desk) restart(ctx context.Context) error {
	if err := d.Ask(ctx, slotwire.Well, nil, nil, nil); err != nil {
		d.tell(err) // the count goes on, and ends
	}
	return d.Reboot()
}

func (d *desk) slots(ctx context.Context) error {
	var s slotwire.State
	if err := d.Ask(ctx, slotwire.Slots, nil, nil, &s); err != nil {
		return err
	}
	for _, id := range []string{"a", "b"} {
		held := s.Of(id)
		text := "vacía / empty"
		if held.Number > 0 {
			text = fmt.Sprintf("%s (%d)", held.Version, held.Number)
		}
		if id == s.Good {
			text += ", buena / good"
		}
		fmt.Fprintf(d.out, "  %s  %s\r\n", id, printable(text))
	}
	if s.Why != "" {
		fmt.Fprintf(d.out, "  la última vez / the last time: %s\r\n", printable(s.Why))
	}
	if s.Record != "" {
		fmt.Fprintf(d.out, "  %s\r\n", printable(s.Record))
	}
	return nil
}

func (d *desk) start(ctx context.Context, words []string) error {
	older := len(words) == 2 && words[1] == "older"
	if len(words) != 1 && !older || words[0] != "a" && words[0] != "b" {
		return errors.New("a o b / a or b")
	}
	var s slotwire.State
	if err := d.Ask(ctx, slotwire.Slots, nil, nil, &s); err != nil {
		return err
	}
	if words[0] != s.Good {
		var r slotwire.Result
		if err := d.Ask(ctx, slotwire.Try, slotwire.TryAsk{Present: older}, progress(d.out), &r); err != nil {
			return err
		}
		if r.Refused != nil {
			return r.Refused
		}
	}
	return d.restart(ctx)
}

func (d *desk) usb(ctx context.Context) error {
	var found []slotwire.Found
	if err := d.Ask(ctx, slotwire.USB, nil, nil, &found); err != nil {
		return err
	}
	for _, f := range found {
		switch {
		case f.Refused != nil:
			fmt.Fprintf(d.out, "  %s: no / refused: %s\r\n", printable(f.File), printable(f.Refused.Error()))
		case f.News != nil:
			fmt.Fprintf(d.out, "  %s: %s (%d)\r\n", printable(f.File), printable(f.News.Version), f.News.Number)
		}
	}
	if len(found) == 0 {
		fmt.Fprint(d.out, "  ninguna / none\r\n")
	}
	return nil
}

func (d *desk) stage(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return errors.New("¿qué archivo? / which file?")
	}
	ask := slotwire.StageAsk{File: words[0]}
	for _, w := range words[1:] {
		switch w {
		case "usb":
			ask.USB = true
		case "older":
			ask.Present = true
		default:
			return fmt.Errorf("¿%q? / %q?", w, w)
		}
	}
	var r slotwire.Result
	if err := d.Ask(ctx, slotwire.Stage, ask, progress(d.out), &r); err != nil {
		return err
	}
	if r.Refused != nil {
		return r.Refused
	}
	fmt.Fprintf(d.out, "  %s: %s (%d); start %s\r\n", printable(r.Slot), printable(r.Held.Version), r.Held.Number, printable(r.Slot))
	return nil
}

func (d *desk) erase(ctx context.Context) error {
	fmt.Fprintf(d.out, "  Se borra todo: configuración, libro, claves. Escriba %q / everything goes: settings, book, keys. Type %q: ", EraseWord, EraseWord)
	d.until = time.Now().Add(Alone)
	line, err := d.line(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != EraseWord {
		fmt.Fprint(d.out, "  nada se borró / nothing was erased\r\n")
		return nil
	}
	if err := d.Erase(); err != nil {
		return err
	}
	fmt.Fprint(d.out, "  borrado / erased\r\n")
	return d.restart(ctx)
}

// progress tells how far a request is, a line for each step.
func progress(out io.Writer) func(json.RawMessage) {
	step := ""
	return func(raw json.RawMessage) {
		var p slotwire.Progress
		if json.Unmarshal(raw, &p) != nil || p.Step == step {
			return
		}
		step = p.Step
		fmt.Fprintf(out, "  %s…\r\n", printable(step))
	}
}

// readLine reads a line of at most maxLine bytes; the rest of a longer one is dropped.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := in.ReadByte()
		switch {
		case err != nil:
			return "", err
		case c == '\n' || c == '\r':
			return string(line), nil
		case (c == 0x7f || c == '\b') && len(line) > 0:
			line = line[:len(line)-1]
		case c >= ' ' && c < 0x7f && len(line) < maxLine:
			line = append(line, c)
		}
	}
}

// printable keeps a terminal safe from what a file or a stick is called.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
