package office

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/view"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spitest"
)

// frontBox is the front of a Raspberry Pi 4: buttons on its chip, lamps on a chain,
// and an OLED that may not be plugged in.
type frontBox struct {
	mu      sync.Mutex
	edge    func(gpio.Was)
	down    map[int]bool
	offsets []int
	closed  int

	chain  spitest.Record
	oled   bool
	writes int // to the OLED
}

func (b *frontBox) Chips() []string                { return []string{"gpiochip0"} }
func (b *frontBox) Open(string) (gpio.Chip, error) { return frontChip{b}, nil }

type frontChip struct{ *frontBox }

func (frontChip) Label() string { return "pinctrl-bcm2711" }
func (frontChip) Lines() int    { return 58 }
func (frontChip) Close() error  { return nil }

func (c frontChip) Request(r gpio.Request) (gpio.Lines, error) {
	c.edge, c.offsets = r.Edge, r.Offsets
	return lines(c), nil
}

type lines struct{ *frontBox }

func (lines) SetValues([]int) error { return errors.New("the buttons are inputs") }

func (l lines) Values(v []int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, o := range l.offsets {
		v[i] = 0
		if l.down[o] {
			v[i] = 1
		}
	}
	return nil
}

func (l lines) Close() error { l.closed++; return nil }

// push pushes the button on a line for a moment.
func (b *frontBox) push(line int) {
	for _, down := range []bool{true, false} {
		b.mu.Lock()
		b.down[line] = down
		b.mu.Unlock()
		b.edge(gpio.Was{Offset: line, Active: down})
		<-time.After(100 * time.Millisecond)
	}
	synctest.Wait()
}

// lit is what the chain shows, the health lamp in its last byte.
func (b *frontBox) lit() []byte {
	b.chain.Lock()
	defer b.chain.Unlock()
	return b.chain.Ops[len(b.chain.Ops)-1].W
}

type chain struct{ *frontBox }

func (chain) String() string                    { return "SPI0.0" }
func (chain) LimitSpeed(physic.Frequency) error { return nil }
func (c chain) Close() error                    { c.closed++; return nil }
func (c chain) Connect(f physic.Frequency, m spi.Mode, bits int) (spi.Conn, error) {
	return c.chain.Connect(f, m, bits)
}

// bus is an I²C bus with an OLED or nothing.
type bus struct{ *frontBox }

func (bus) String() string                  { return "I2C1" }
func (bus) SetSpeed(physic.Frequency) error { return nil }
func (c bus) Close() error                  { c.closed++; return nil }

func (c bus) Tx(addr uint16, _, _ []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.oled || addr != 0x3C {
		return errors.New("sysfs-i2c: remote I/O error")
	}
	c.writes++
	return nil
}

// with runs an office whose board is a Raspberry Pi 4 with an OLED.
func (b *frontBox) with(t *testing.T, f func(o *Office)) {
	doc := strings.Replace(document, "flows:\n", "schedules:\n  - {id: oficina, week: {mon-fri: [\"09:00-14:00\"]}}\nflows:\n", 1)
	b.inside(t, strings.Replace(doc, "    start: menu\n    nodes:\n", "    start: abierto\n    nodes:\n      abierto: {schedule: oficina, open: menu, closed: fin}\n", 1), f)
}

// inside is with, of an office by another document.
func (b *frontBox) inside(t *testing.T, doc string, f func(o *Office), more ...func(*app.Outside)) {
	doc = strings.Replace(doc, "fxs: 2}", "fxs: 2, model: rpi4, display: {kind: ssd1306}, digits: {kind: ht16k33, i2c: 7}}", 1)
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenWith(t, 1, doc, pack, func(out *app.Outside) {
			out.Wires = app.Wires{GPIO: b, SPI: func(string) (spi.PortCloser, error) { return chain{b}, nil }, I2C: func(n int) (i2c.BusCloser, error) {
				if n != 1 {
					return nil, &fs.PathError{Op: "stat", Path: fmt.Sprintf("/dev/i2c-%d", n), Err: fs.ErrNotExist}
				}
				return bus{b}, nil
			}}
			for _, fit := range more {
				fit(out)
			}
		})
		f(o)
		o.Stop()
	})
}

// hardware is what the house says of its front.
func hardware(o *Office) string {
	var list []string
	for _, h := range o.House().View().Board {
		if h.Driver == "front" && h.Port != "clock" { // the clock is the machine's own
			list = append(list, h.Port+" "+h.State)
		}
	}
	return strings.Join(list, ", ")
}

func TestFrontOfTheBox(t *testing.T) {
	b := &frontBox{down: map[int]bool{}, oled: true}
	b.with(t, func(o *Office) {
		if got := hardware(o); got != "lamps loaded, buttons loaded, display loaded, digits skipped" {
			t.Errorf("the front is %s", got)
		}
		if b.writes < 10 {
			t.Errorf("%d writes to the display", b.writes)
		}
		b.push(5) // lamp test: all green, then red, then both
		if got := fmt.Sprintf("%x", b.lit()); got != "155555" {
			t.Errorf("in the lamp test the chain shows %s, want all green", got)
		}
		<-time.After(time.Second)
		if got := fmt.Sprintf("%x", b.lit()); got != "2aaaaa" {
			t.Errorf("a second later %s, want all red", got)
		}
		<-time.After(10 * time.Second)
		for _, want := range []string{"closed", "auto"} {
			b.push(6) // night switch
			if got := b.lit()[0] & 3; got != 3 && got != 0 {
				t.Errorf("the health lamp shows %b, want amber or dark: accepted", got)
			}
			<-time.After(3 * time.Second)
			if got := o.switched(); got != want {
				t.Errorf("the night switch is booked %q, want %q", got, want)
			}
		}
	})
	if b.closed != 3 {
		t.Errorf("%d of buttons, chain and bus were given back", b.closed)
	}
	if got := fmt.Sprintf("%x", b.lit()); got != "000000" {
		t.Errorf("after the end the chain shows %s", got)
	}
}

// switched is the last position of the night switch in the book.
func (o *Office) switched() (state string) {
	o.T.Helper()
	for _, row := range o.Facts() {
		if row.Kind != call.ScheduleSet {
			continue
		}
		f, err := row.Fact()
		o.must(err)
		state = f.State
	}
	return state
}

// A display that was not there at the start is taken when it answers; one whose plug
// comes out is told, the house goes on, and it is painted again when it is back.
func TestADisplayIsPluggedInAndOut(t *testing.T) {
	b := &frontBox{down: map[int]bool{}}
	b.with(t, func(o *Office) {
		state := func() (p view.Hardware, alarmed bool) {
			v := o.House().View()
			for _, h := range v.Board {
				if h.Port == "display" {
					p = h
				}
			}
			return p, slices.ContainsFunc(v.Alarms, func(a view.Alarm) bool { return a.ID == "front.display" })
		}
		plug := func(in bool) {
			b.mu.Lock()
			b.oled = in
			b.mu.Unlock()
			<-time.After(70 * time.Second) // the next minute changes the clock on it
			synctest.Wait()
		}
		if p, alarmed := state(); p.State != "skipped" || alarmed {
			t.Errorf("at the start it is %+v, an alarm: %t", p, alarmed)
		}
		for range 2 {
			plug(true)
			if p, alarmed := state(); p.State != "loaded" || p.What == "" || alarmed {
				t.Errorf("plugged in it is %+v, an alarm: %t", p, alarmed)
			}
			plug(false)
			if p, alarmed := state(); p.State != "failed" || !strings.Contains(p.Why, "0x3c") || !alarmed {
				t.Errorf("unplugged it is %+v, an alarm: %t", p, alarmed)
			}
		}
	})
}

func TestNothingPluggedInIsSkipped(t *testing.T) {
	(&frontBox{down: map[int]bool{}}).with(t, func(o *Office) {
		if got := hardware(o); got != "lamps loaded, buttons loaded, display skipped, digits skipped" {
			t.Errorf("the front is %s", got)
		}
	})
}
