package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/board/sim"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// boardWait is how long the start waits for hardware: a modem that does not answer
// is left to come later after some of it.
const boardWait = 8 * time.Second

// modemWait is how long it waits for a modem, which answers within two seconds; one that
// comes later is taken then.
const modemWait = 2500 * time.Millisecond

// wiring is which socket of the board is which line or telephone.
type wiring map[tel.PortID]port.Port

// openBoard opens all the hardware that the configuration names and finds each
// line and telephone its socket. It never fails: a line without hardware is dead.
func (h *House) openBoard() {
	h.openFront()
	h.buildPanel()
	h.showStart(false)
	ctx, cancel := context.WithTimeout(context.Background(), boardWait)
	defer cancel()
	h.board = board.Open(ctx, h.drivers())
	h.wires, h.idle = wire(h.cfg, h.board)
	for _, r := range h.board.Reports() {
		h.addPart(r)
	}
	h.openConsoles()
	h.showStart(true)
}

// drivers are those that the configuration asks for, in the order of their reports.
func (h *House) drivers() []board.Driver {
	var out []board.Driver
	if h.cfg.Board.Kind == "sim" {
		out = append(out, board.Driver{Name: "sim", Open: h.openSim})
	}
	if d := h.cfg.Board.DAHDI; d != nil {
		out = append(out, h.openDAHDI(d))
	}
	for _, m := range h.cfg.Board.Modems {
		out = append(out, board.Driver{Name: "modem", Open: func(ctx context.Context) ([]port.Port, []board.Report) {
			return openModem(ctx, m, h.out.Serial, h.log)
		}})
	}
	return out
}

// openDAHDI is the driver of DAHDI's channels.
func (h *House) openDAHDI(d *config.DAHDI) board.Driver {
	if h.out.DAHDI == nil {
		return board.Driver{Name: dahdi.Name, Open: func(context.Context) ([]port.Port, []board.Report) {
			return nil, []board.Report{{Driver: dahdi.Name, State: board.Skipped, Why: "no cards are opened here"}}
		}}
	}
	return dahdi.Driver(dahdi.Config{Channels: d.Channels, EchoCancel: d.Hardware, Kernel: h.out.DAHDI, Log: h.log})
}

// openSim opens the simulated board.
func (h *House) openSim(context.Context) ([]port.Port, []board.Report) {
	b := h.cfg.Board
	h.sim = sim.Open(sim.Config{FXO: b.FXO, FXS: b.FXS, Country: h.cfg.Site.Country, Log: h.log})
	return h.sim.Ports(), []board.Report{{
		Driver: "sim", State: board.Loaded, What: fmt.Sprintf("%d lines and %d telephones, simulated", b.FXO, b.FXS),
	}}
}

// duplexes are the words of the configuration.
var duplexes = map[string]at.Duplex{"auto": at.Auto, "half": at.Half, "full": at.Full}

// openModem opens one voice modem.
func openModem(ctx context.Context, m config.Modem, open func(string, int) (io.ReadWriteCloser, error), log *slog.Logger) ([]port.Port, []board.Report) {
	r := board.Report{Driver: "modem", Port: m.Name}
	if open == nil {
		r.State, r.Why = board.Skipped, "no serial lines are opened here"
		return nil, []board.Report{r}
	}
	conf := atmodem.Config{Name: m.Name, Device: m.Device, Baud: m.Baud, Duplex: duplexes[m.Duplex], Log: log, Serial: open, Stay: true}
	ctx, cancel := context.WithTimeout(ctx, modemWait)
	defer cancel()
	p, got := atmodem.Open(ctx, conf)
	switch got.Outcome {
	case atmodem.Loaded:
		r.State, r.What = board.Loaded, fmt.Sprintf("%s at %s", got.Modem, m.Device)
		return []port.Port{p}, []board.Report{r}
	case atmodem.Skipped:
		r.State = board.Skipped
	default:
		r.State = board.Failed
	}
	r.Why, r.Hint, _ = strings.Cut(got.Why, "; ")
	if !strings.Contains(r.Why, m.Device) {
		r.Why += " (" + m.Device + ")"
	}
	if p == nil {
		return nil, []board.Report{r}
	}
	r.Hint = strings.TrimPrefix(r.Hint+", ", ", ") + "it is taken as soon as it answers"
	return []port.Port{p}, []board.Report{r}
}

// wire finds the sockets that the configuration names, and those of hardware that
// nothing is wired to.
func wire(cfg *config.Config, b *board.Board) (w wiring, idle []port.Port) {
	w = wiring{}
	used := map[port.Port]bool{}
	take := func(id tel.PortID, socket string, kind port.Kind) {
		p := b.Take(socket, kind)
		w[id], used[p] = p, true
	}
	for _, l := range cfg.Lines {
		take(l.ID, l.Socket, port.FXO)
	}
	for _, f := range cfg.Phones {
		if f.Socket != "" {
			take(f.Port(), f.Socket, port.FXS)
		}
	}
	for _, p := range b.Ports() {
		if !used[p] {
			idle = append(idle, p)
		}
	}
	return w, idle
}

// drain takes the events of a port that nothing is wired to.
func drain(p port.Port) {
	for range p.Events() { // nobody wants to know
	}
}

// bookBoard books what became of the hardware.
func (h *House) bookBoard() {
	for _, r := range h.parts() {
		h.book.Append(call.Fact{Kind: call.BoardPort, At: h.started, Port: tel.PortID(r.Port), Node: r.Driver, State: r.State, Reason: cmp.Or(r.What, r.Why)})
	}
}

// closeBoard lets go of the hardware.
func (h *House) closeBoard() error {
	var err error
	if h.board != nil {
		err = h.board.Close()
	}
	if h.sim != nil {
		err = errors.Join(err, h.sim.Close())
	}
	return err
}
