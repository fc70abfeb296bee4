package central

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/dsp/tone/plan"
)

// Way is how an office tells a line that the far end has hung up. Real lines do one
// or two of them, many only a tone.
type Way uint8

// Ways of ending a call.
const (
	ByBattery    Way = iota // battery is away for Config.Drop, then dial tone if the loop is still closed
	ByTone                  // busy tone
	ByReversal              // the wires are reversed, then busy tone after Config.ToneAfter
	ByCongestion            // congestion tone
	ByDialTone              // the dial tone of the next call
	ByStrange               // Config.Strange, a tone that the country's plan does not know
	BySilence               // nothing
	ByShortDrop             // a drop of ShortDrop, dial tone, and at last the howler
	Ways                    // their number
)

var wayNames = [Ways]string{"cpc", "tone", "reversal", "congestion", "dial", "strange", "silence", "drop"}

// String returns the name of the way.
func (w Way) String() string {
	if w < Ways {
		return wayNames[w]
	}
	return fmt.Sprintf("way %d", uint8(w))
}

// ParseWay reads a name; "battery" is cpc.
func ParseWay(name string) (Way, error) {
	if name == "battery" {
		return ByBattery, nil
	}
	for w, n := range wayNames {
		if n == name {
			return Way(w), nil
		}
	}
	return 0, fmt.Errorf("cannot end a call by %q: there are %s", name, strings.Join(wayNames[:], ", "))
}

// Strange returns a tone that the plan of a country does not know, as an adapter or
// optical terminal with another country's tables sends it.
func Strange(country string) plan.Signal {
	switch country {
	case "US": // Britain's
		return plan.Signal{Hz: []float64{400}, DBm0: -12, OnOff: []int{375, 375}}
	case "GB":
		return plan.Signal{Hz: []float64{480, 620}, DBm0: -18, OnOff: []int{500, 500}}
	case "DE", "AR":
		return plan.Signal{Hz: []float64{620}, DBm0: -14, OnOff: []int{350, 350}}
	case "FR":
		return plan.Signal{Hz: []float64{480, 620}, DBm0: -24, OnOff: []int{500, 500}}
	case "CL":
		return plan.Signal{Hz: []float64{950}, DBm0: -16, OnOff: []int{300, 700}}
	}
	return plan.Signal{Hz: []float64{480, 620}, DBm0: -20, OnOff: []int{500, 500}}
}
