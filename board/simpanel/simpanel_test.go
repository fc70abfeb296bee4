package simpanel_test

import (
	"testing"

	"github.com/centralita/centralita/board/simpanel"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/hal/led"
	"github.com/centralita/centralita/hal/led/ledtest"
)

func TestStripKeepsTheContract(t *testing.T) {
	ledtest.Run(t, func(*testing.T) (led.Strip, func() []led.Colour) {
		p := simpanel.New(8)
		return p.Strip(), p.Lamps
	})
}

func TestDisplayKeepsTheContract(t *testing.T) {
	displaytest.Run(t, func(*testing.T) (display.Display, func() displaytest.Seen) {
		p := simpanel.New(8)
		return p.Display(), func() displaytest.Seen {
			rows := p.Rows()
			return displaytest.Seen{Rows: rows[:], Light: p.Light()}
		}
	})
}

func TestEveryChangeIsCounted(t *testing.T) {
	p := simpanel.New(2)
	before := p.Changes()
	if err := p.Strip().Set(2, led.Green); err != nil {
		t.Fatal(err)
	}
	if err := p.Display().Write(1, "Todo en orden       "); err != nil {
		t.Fatal(err)
	}
	if err := p.Display().Backlight(display.Dim); err != nil {
		t.Fatal(err)
	}
	if got := p.Changes() - before; got != 3 {
		t.Errorf("%d changes counted, want 3", got)
	}
	if p.Lamps()[2] != led.Green || p.Rows()[1] != "Todo en orden       " {
		t.Errorf("shows %v and %q", p.Lamps(), p.Rows())
	}
}
