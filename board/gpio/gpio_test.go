package gpio_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/hal/button/buttontest"
	"github.com/centralita/centralita/hal/led"
	"github.com/centralita/centralita/hal/led/ledtest"
	"periph.io/x/conn/v3/conntest"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spitest"
)

// front are three lamps of two colours on lines, the last of one colour.
var front = []gpio.Lamp{{Green: 17, Red: 27}, {Green: 22, Red: 23}, {Green: 24, Red: gpio.None}}

func colour(green, red bool) led.Colour {
	switch {
	case green && red:
		return led.Amber
	case red:
		return led.Red
	case green:
		return led.Green
	}
	return led.Dark
}

// looks is what front can show of a colour.
func looks(i int, c led.Colour) led.Colour {
	if i == 2 && c != led.Dark {
		return led.Green
	}
	return ledtest.TwoColours(i, c)
}

func see(on []int) []led.Colour {
	var out []led.Colour
	for _, l := range front {
		out = append(out, colour(slices.Contains(on, l.Green), slices.Contains(on, l.Red)))
	}
	return out
}

func TestStripKeepsTheContract(t *testing.T) {
	for _, low := range []bool{false, true} {
		t.Run(fmt.Sprintf("active low %t", low), func(t *testing.T) {
			ledtest.RunAs(t, looks, func(t *testing.T) (led.Strip, func() []led.Colour) {
				k := newChips()
				s, err := gpio.OpenStrip(k, "pinctrl-test", low, front)
				if err != nil {
					t.Fatal(err)
				}
				if k.opened != 0 {
					t.Errorf("%d chips stay open", k.opened)
				}
				return s, func() []led.Colour { return see(k.lit(low)) }
			})
		})
	}
}

func TestOnlyDifferencesAreWritten(t *testing.T) {
	k := newChips()
	s, err := gpio.OpenStrip(k, "pinctrl-test", false, front)
	if err != nil {
		t.Fatal(err)
	}
	set := func(want int, i int, c led.Colour) {
		t.Helper()
		if err := s.Set(i, c); err != nil {
			t.Fatal(err)
		}
		if k.writes != want {
			t.Errorf("after %s on lamp %d %d writes, want %d", c, i, k.writes, want)
		}
	}
	set(0, 0, led.Dark)
	set(1, 0, led.Amber)
	set(1, 0, led.DimAmber) // looks the same
	set(2, 0, led.Red)
	k.fail = errors.New("no such device")
	if err := s.Set(1, led.Green); err == nil || !strings.Contains(err.Error(), "no such device") {
		t.Errorf("a write that failed: %v", err)
	}
	k.fail = nil
	set(3, 0, led.Red) // what the wires show is not known: written again
	set(4, 1, led.Green)
}

func TestWhatCannotBeLit(t *testing.T) {
	k := newChips()
	k.busy[22] = true
	for want, open := range map[string]func() (*gpio.Strip, error){
		"there are raspberrypi-exp-gpio, pinctrl-test": func() (*gpio.Strip, error) { return gpio.OpenStrip(k, "pinctrl-rp1", false, front) },
		"resource busy": func() (*gpio.Strip, error) { return gpio.OpenStrip(k, "pinctrl-test", false, front) },
		"line 5 lights another already": func() (*gpio.Strip, error) {
			return gpio.OpenStrip(k, "pinctrl-test", false, []gpio.Lamp{{5, 6}, {7, 5}})
		},
		"it has lines 0..53": func() (*gpio.Strip, error) {
			return gpio.OpenStrip(k, "pinctrl-test", false, []gpio.Lamp{{5, 6}, {7, 54}})
		},
		"lamp 1: it has no line": func() (*gpio.Strip, error) {
			return gpio.OpenStrip(k, "pinctrl-test", false, []gpio.Lamp{{5, 6}, {gpio.None, gpio.None}})
		},
		"there is none at all": func() (*gpio.Strip, error) { return gpio.OpenStrip(&chips{}, "pinctrl-test", false, front) },
	} {
		if _, err := open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		} else if absent := strings.Contains(want, "there"); errors.Is(err, gpio.ErrAbsent) != absent {
			t.Errorf("%v: absent %t", err, !absent)
		}
	}
	if k.opened != 0 {
		t.Errorf("%d chips stay open", k.opened)
	}
}

// register is a chain of 595s at the end of an SPI port.
type register struct {
	spitest.Record
	closed int
}

func (r *register) Connect(f physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	if f > 20*physic.MegaHertz || mode != spi.Mode0 || bits != 8 {
		return nil, fmt.Errorf("a 595 is not spoken to by %s, mode %d, %d bits", f, mode, bits)
	}
	return r.Record.Connect(f, mode, bits)
}

func (r *register) Close() error { r.closed++; return nil }

// now is what the last transfer left in the registers.
func (r *register) now() []byte {
	r.Lock()
	defer r.Unlock()
	if len(r.Ops) == 0 {
		return nil
	}
	return r.Ops[len(r.Ops)-1].W
}

// chained are lamps on the outputs of two registers.
var chained = []gpio.Lamp{{Green: 0, Red: 1}, {Green: 2, Red: 3}, {Green: 15, Red: 8}}

func TestChainKeepsTheContract(t *testing.T) {
	for _, low := range []bool{false, true} {
		ledtest.RunAs(t, ledtest.TwoColours, func(t *testing.T) (led.Strip, func() []led.Colour) {
			r := &register{}
			s, err := gpio.OpenChain(r, 2, low, chained)
			if err != nil {
				t.Fatal(err)
			}
			return s, func() []led.Colour {
				bits := r.now()
				on := func(out int) bool { return (bits[1-out/8]>>(out%8)&1 == 1) != low }
				var look []led.Colour
				for _, l := range chained {
					look = append(look, colour(on(l.Green), on(l.Red)))
				}
				return look
			}
		})
	}
}

func TestFarRegisterIsPushedFirst(t *testing.T) {
	r := &register{}
	s, err := gpio.OpenChain(r, 2, false, chained)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Set(2, led.Amber), s.Set(0, led.Red), s.Set(0, led.Red), s.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []conntest.IO{{W: []byte{0, 0}}, {W: []byte{0x81, 0}}, {W: []byte{0x81, 0x02}}, {W: []byte{0, 0}}}
	if len(r.Ops) != len(want) || r.closed != 1 {
		t.Fatalf("%d transfers and %d closes, want %d and 1: %v", len(r.Ops), r.closed, len(want), r.Ops)
	}
	for i, o := range r.Ops {
		if !bytes.Equal(o.W, want[i].W) {
			t.Errorf("transfer %d: % x, want % x", i, o.W, want[i].W)
		}
	}
	bad := &register{}
	if _, err := gpio.OpenChain(bad, 1, false, chained); err == nil || bad.closed != 1 {
		t.Errorf("output 15 of one register: %v, closed %d times", err, bad.closed)
	}
}

// pressed are buttons on lines 5, 6, 13.
func pressed(t *testing.T, down ...int) (*chips, buttontest.Rig) {
	k, offsets := newChips(), []int{5, 6, 13}
	for _, i := range down {
		k.level[offsets[i]] = false
	}
	b, err := gpio.OpenButtons(k, "pinctrl-test", true, offsets)
	if err != nil {
		t.Fatal(err)
	}
	return k, buttontest.Rig{Set: b, Contact: func(i int, down bool) { k.press(offsets[i], down, false) }}
}

func TestButtonsKeepTheContract(t *testing.T) {
	buttontest.Run(t, func(t *testing.T, down ...int) buttontest.Rig {
		_, r := pressed(t, down...)
		return r
	})
}

// A storm of edges overruns the kernel's queue: the last of them never comes.
func TestALostEdgeIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := pressed(t)
		defer r.Set.Close()
		k.press(5, true, false)
		k.press(5, false, true) // lost
		<-time.After(time.Second)
		synctest.Wait()
		select {
		case e := <-r.Set.Events():
			t.Errorf("told %s of a contact that is open", e)
		default:
		}
	})
}

func TestAChipThatGoesEndsTheEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := pressed(t)
		k.mu.Lock()
		k.fail = errors.New("no such device")
		k.mu.Unlock()
		r.Contact(0, true)
		if e, ok := <-r.Set.Events(); ok {
			t.Errorf("told %s", e)
		}
		k.mu.Lock()
		k.fail = nil
		k.mu.Unlock()
		if err := r.Set.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenDrainsAreLetGo(t *testing.T) {
	k := newChips()
	l, err := gpio.OpenDrain(k, "pinctrl-test", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if on := k.lit(false); fmt.Sprint(on) != "[2 3]" {
		t.Errorf("lines %v are high, want 2 and 3", on)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	k.fail = errors.New("no such device")
	if _, err := gpio.OpenDrain(k, "pinctrl-test", 2, 3); err == nil || len(k.busy) != 0 {
		t.Errorf("%v, busy %v", err, k.busy)
	}
}

func TestTwoButtonsOnOneLine(t *testing.T) {
	if _, err := gpio.OpenButtons(newChips(), "pinctrl-test", true, []int{5, 6, 5}); err == nil || !strings.Contains(err.Error(), "line 5 has button 0 already") {
		t.Error(err)
	}
}
