package office

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// A modem that answers nothing holds the start up for less than three seconds; its line
// is dead, says why, and lives as soon as it answers.
func TestSilentModemHoldsNobodyUp(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		exchange := &voicemodem.Exchange{}
		modem := voicemodem.New(voicemodem.Full(), exchange)
		exchange.Attach(modem)
		modem.Deaf(true)
		began := time.Now()
		o := OpenWith(t, 5, modems(), pack, plug(modem))
		defer o.Stop()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the start took %s", took)
		}
		o.Until("the line is dead and says why", time.Second, func() bool {
			l := o.House().View().Lines[0]
			return l.Lamp == view.Dead && strings.Contains(l.Detail, "it has not answered yet")
		})
		modem.Deaf(false)
		o.Until("it lives", time.Minute, func() bool { return o.House().View().Lines[0].Lamp == view.Idle })
	})
}
