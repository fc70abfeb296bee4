// Package rescue is the desk at the serial line when no system can be started: show the
// slots, start one, write a signed update from a stick or the boot partition, erase the
// box. Whoever stands at the serial port may do that and no more: nothing here reads
// what the box keeps, opens a shell or asks for a password, as there is nothing that one
// would open.
package rescue

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/centralita/centralita/firmware/update/slotwire"
)

// EraseWord is what must be typed to erase the box.
const EraseWord = "erase"

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

// Serve talks until the box is restarted, in ends or ctx is done.
func (b Box) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	fmt.Fprintf(out, "\r\nCentralita: recuperación / recovery\r\n  %s\r\n", printable(b.Why))
	b.help(out)
	lines := bufio.NewReaderSize(in, 4096)
	for ctx.Err() == nil {
		fmt.Fprint(out, "recovery> ")
		line, err := readLine(lines)
		if err != nil {
			return err
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := b.do(ctx, words, lines, out); err != nil {
			fmt.Fprintf(out, "%s\r\n", printable(err.Error()))
		}
	}
	return ctx.Err()
}

func (b Box) help(out io.Writer) {
	fmt.Fprint(out, "  slots            qué hay / what there is\r\n"+
		"  start a|b        arrancar a prueba / start it, on trial\r\n"+
		"  usb              actualizaciones en memorias USB / updates on USB sticks\r\n"+
		"  stage FILE usb   escribir una firmada desde USB / write a signed one from a stick\r\n"+
		"  stage FILE       desde la partición de arranque / from the boot partition\r\n"+
		"  stage … older    aunque sea más antigua / even if it is older\r\n"+
		"  factory-reset    borrar todo / erase everything\r\n"+
		"  reboot           reiniciar / restart\r\n")
}

func (b Box) do(ctx context.Context, words []string, in *bufio.Reader, out io.Writer) error {
	switch words[0] {
	case "slots":
		return b.slots(ctx, out)
	case "start":
		return b.start(ctx, words[1:], out)
	case "usb":
		return b.usb(ctx, out)
	case "stage":
		return b.stage(ctx, words[1:], out)
	case "factory-reset":
		return b.erase(in, out)
	case "reboot":
		return b.Reboot()
	default:
		b.help(out)
		return nil
	}
}

func (b Box) slots(ctx context.Context, out io.Writer) error {
	var s slotwire.State
	if err := b.Ask(ctx, slotwire.Slots, nil, nil, &s); err != nil {
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
		fmt.Fprintf(out, "  %s  %s\r\n", id, printable(text))
	}
	if s.Why != "" {
		fmt.Fprintf(out, "  última prueba / last trial: %s\r\n", printable(s.Why))
	}
	if s.Record != "" {
		fmt.Fprintf(out, "  %s\r\n", printable(s.Record))
	}
	return nil
}

func (b Box) start(ctx context.Context, words []string, out io.Writer) error {
	if len(words) != 1 || words[0] != "a" && words[0] != "b" {
		return fmt.Errorf("a o b / a or b")
	}
	var s slotwire.State
	if err := b.Ask(ctx, slotwire.Slots, nil, nil, &s); err != nil {
		return err
	}
	if words[0] != s.Good {
		if err := b.Ask(ctx, slotwire.Try, nil, progress(out), nil); err != nil {
			return err
		}
	}
	return b.Reboot()
}

func (b Box) usb(ctx context.Context, out io.Writer) error {
	var found []slotwire.Found
	if err := b.Ask(ctx, slotwire.USB, nil, nil, &found); err != nil {
		return err
	}
	for _, f := range found {
		switch {
		case f.Refused != nil:
			fmt.Fprintf(out, "  %s: no / refused: %s\r\n", printable(f.File), printable(f.Refused.Error()))
		case f.News != nil:
			fmt.Fprintf(out, "  %s: %s (%d)\r\n", printable(f.File), printable(f.News.Version), f.News.Number)
		}
	}
	if len(found) == 0 {
		fmt.Fprint(out, "  ninguna / none\r\n")
	}
	return nil
}

func (b Box) stage(ctx context.Context, words []string, out io.Writer) error {
	if len(words) == 0 {
		return fmt.Errorf("¿qué archivo? / which file?")
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
	if err := b.Ask(ctx, slotwire.Stage, ask, progress(out), &r); err != nil {
		return err
	}
	if r.Refused != nil {
		return r.Refused
	}
	fmt.Fprintf(out, "  %s: %s (%d); start %s\r\n", printable(r.Slot), printable(r.Held.Version), r.Held.Number, printable(r.Slot))
	return nil
}

func (b Box) erase(in *bufio.Reader, out io.Writer) error {
	fmt.Fprintf(out, "  Se borra todo: configuración, libro, claves. Escriba %q / everything goes: settings, book, keys. Type %q: ", EraseWord, EraseWord)
	line, err := readLine(in)
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != EraseWord {
		fmt.Fprint(out, "  nada se borró / nothing was erased\r\n")
		return nil
	}
	if err := b.Erase(); err != nil {
		return err
	}
	fmt.Fprint(out, "  borrado / erased\r\n")
	return b.Reboot()
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
