package config

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// Most of what a board can have.
const (
	mostSockets  = 256  // of each kind on the simulated board
	mostChannels = 1024 // of DAHDI
)

// slowestModem is the lowest speed of a serial line that carries sound of 8 bits.
const slowestModem = 115200

// reserved are names of sockets that a modem may not take.
var reserved = regexp.MustCompile(`^(fxo|fxs)[0-9]*$|^(dahdi|sim)$`)

// board reads which hardware plays the ports.
func (r *reader) board(f *place.Fields) {
	ports := func(key string) int {
		if f.Has(key) || f.Meant(key) {
			return f.Int(key, mostSockets, 0, mostSockets) // if it is wrong, not every socket is too
		}
		return f.Int(key, 0, 0, mostSockets)
	}
	b := &r.cfg.Board
	model := f.Text("model", "sim")
	if !f.Has("dahdi") && !f.Has("modems") && model == "sim" || f.Has("kind") || f.Has("fxo") || f.Has("fxs") || f.Has("socket") {
		b.Kind = f.Enum("kind", "sim", "sim")
		b.Socket = f.Text("socket", "sim.sock")
	} else {
		f.Get("kind")
		f.Get("socket")
	}
	b.FXO, b.FXS = ports("fxo"), ports("fxs")
	if f.Has("dahdi") {
		r.dahdi(f.Fields("dahdi", false))
	} else {
		f.Get("dahdi")
	}
	for _, n := range f.List("modems") {
		r.modem(r.sink.Fields(n, n.At, "modem"))
	}
	r.front(f)
	f.Done()
}

// dahdi reads which channels are ours and who cancels their echo.
func (r *reader) dahdi(f *place.Fields) {
	d := &DAHDI{Hardware: f.Enum("echo_cancel", "software", "software", "hardware") == "hardware"}
	r.cfg.Board.DAHDI = d
	if n := f.Get("channels"); n != nil && (n.Kind != place.Text || n.Text != "all") {
		d.Channels = r.channels(f, n)
	}
	f.Done()
}

// channels reads a list of numbers of channels.
func (r *reader) channels(f *place.Fields, at *place.Node) []int {
	const hint = "write all, or a list such as [1, 2]"
	if at.Kind != place.List || len(at.Items) == 0 {
		r.sink.Report(at.At, "channels of dahdi names no channel", "it is all, or the numbers of those that are ours", hint)
		return nil
	}
	var out []int
	for _, n := range f.Texts("channels") {
		c, err := strconv.Atoi(n.Text)
		switch {
		case err != nil || c < 1 || c > mostChannels || strconv.Itoa(c) != n.Text:
			r.sink.Report(n.At, fmt.Sprintf("%s is no channel", place.Quote(n.Text)), fmt.Sprintf("channels have numbers from 1 to %d", mostChannels), hint)
		case slices.Contains(out, c):
			r.sink.Report(n.At, fmt.Sprintf("channel %d stands twice", c), "once is enough", "remove one of them")
		default:
			out = append(out, c)
		}
	}
	return out
}

// modem reads one voice modem.
func (r *reader) modem(f *place.Fields) {
	m := Modem{Name: r.id(f, "name", "modem1"), Device: f.NeedText("device", "/dev/ttyACM0")}
	if reserved.MatchString(m.Name) {
		r.sink.Report(f.At("name"), fmt.Sprintf("a modem cannot be called %s", place.Quote(m.Name)), "sockets of other hardware are called so", "write one such as modem1")
	}
	r.unique(f.At("name"), "modem", m.Name)
	if m.Device != "" && (!path.IsAbs(m.Device) || path.Clean(m.Device) != m.Device) {
		r.sink.Report(f.At("device"), fmt.Sprintf("%s is no path of a device", place.Quote(m.Device)), "a device is named from the root", "write one such as /dev/ttyACM0 or /dev/serial/by-id/…, which a replug does not change")
	}
	r.unique(f.At("device"), "device", m.Device)
	if f.Has("baud") {
		m.Baud = f.Int("baud", slowestModem, slowestModem, 4_000_000)
	} else {
		f.Get("baud")
	}
	m.Duplex = f.Enum("duplex", "auto", "auto", "half", "full")
	f.Done()
	r.cfg.Board.Modems = append(r.cfg.Board.Modems, m)
}

// socket reads the name of a port and checks that the board has it: kind1 to
// kindN of the simulated board, dahdi/N, or, for a line, the name of a modem.
func (r *reader) socket(f *place.Fields, kind string) string {
	s := f.Text("socket", "")
	if s == "" {
		return ""
	}
	if why, hint := r.cfg.Board.lacks(s, kind); why != "" {
		r.sink.Report(f.At("socket"), fmt.Sprintf("there is no socket %s", place.Quote(s)), why, hint)
		return s
	}
	r.unique(f.At("socket"), "socket", s)
	return s
}

// lacks says why the board has no socket s of a kind, "" when it may have.
func (b *Board) lacks(s, kind string) (why, hint string) {
	if i := slices.IndexFunc(b.Modems, func(m Modem) bool { return m.Name == s }); i >= 0 {
		if kind == "fxs" {
			return "a modem is plugged into a line and rings no telephone", "write a socket of a telephone, or sip: true"
		}
		return "", ""
	}
	if digits, ok := strings.CutPrefix(s, "dahdi/"); ok && b.DAHDI != nil {
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil || n < 1 || n > mostChannels || strconv.Itoa(n) != digits:
			return fmt.Sprintf("channels have numbers from 1 to %d", mostChannels), "write one such as dahdi/1"
		case b.DAHDI.Channels != nil && !slices.Contains(b.DAHDI.Channels, n):
			return fmt.Sprintf("channel %d is not ours", n), "write another, or add it to board: dahdi: channels"
		}
		return "", "" // whether the card has it is seen when it is opened
	}
	count := b.FXO
	if kind == "fxs" {
		count = b.FXS
	}
	digits, ok := strings.CutPrefix(s, kind)
	if n, err := strconv.Atoi(digits); ok && err == nil && n >= 1 && n <= count && strconv.Itoa(n) == digits {
		return "", ""
	}
	var have, names []string
	if count > 0 {
		have = append(have, fmt.Sprintf("%s1 to %s%d", kind, kind, count))
	}
	if b.DAHDI != nil {
		have = append(have, "dahdi/1 and so on")
		names = append(names, "dahdi/1")
	}
	if kind == "fxo" {
		for _, m := range b.Modems {
			have, names = append(have, m.Name), append(names, m.Name)
		}
	}
	hint = "write another, or correct board: " + kind
	if len(names) > 0 {
		hint = place.Suggest(s, names)
	}
	if len(have) == 0 {
		return "the board has no " + kind, hint
	}
	return "the board has " + strings.Join(have, ", "), hint
}
