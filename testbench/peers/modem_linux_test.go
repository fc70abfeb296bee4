package peers

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// The built program has a voice modem at a real pseudo terminal beside the simulated
// board: a call on it is answered, an agent talks, the plug is pulled, which ends the
// call and kills the line, and put back. The modem that is missing kills its own line
// only, and the program says why.
func TestVoiceModem(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchange := new(voicemodem.Exchange)
			cable := &voicemodem.Cable{Modem: voicemodem.New(who, exchange), Link: filepath.Join(t.TempDir(), "ttyACM0")}
			exchange.Attach(cable.Modem)
			must(t, cable.Plug())
			doc := strings.Replace(document, "fxo: 2, fxs: 2}", "fxo: 1, fxs: 2, modems: [{name: modem1, device: "+cable.Link+
				"}, {name: modem2, device: /dev/nowhere/ttyACM9}]}", 1)
			doc = strings.Replace(doc, "socket: fxo2", "socket: modem1", 1)
			doc = strings.Replace(doc, "phones:\n", "  - {id: L3, socket: modem2, flow: main}\nphones:\n", 1)
			d := NewDaemon(t, bin, doc)
			board, code := d.Run("board", "--lang", "en")
			if code != 0 || !strings.Contains(board, ". modem1: loaded: ") || !strings.Contains(board, "! modem2: skipped because there is no device /dev/nowhere/ttyACM9") {
				t.Errorf("board answers %d\n%s", code, board)
			}
			d.UntilView("two lines are up and one is dead", func(s *view.Snapshot) bool {
				return len(s.Lines) == 3 && s.Lines[0].Lamp == view.Idle && s.Lines[1].Lamp == view.Idle && s.Lines[2].Lamp == view.Dead
			})
			got := make(chan *phone.Call, 1)
			d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); got <- c })
			exchange.Call("600123456", "JUAN")
			Until(t, "the modem answers", 10*time.Second, cable.Modem.OffHook)
			exchange.Hush()
			<-time.After(time.Second)
			must(t, exchange.Press('1'))
			a := <-got
			d.UntilView("they talk", connected(1))
			a.Tone(600)
			Until(t, "the caller hears the agent", 10*time.Second, func() bool { return exchange.Level() > -35 })
			must(t, cable.Unplug())
			d.UntilView("the line is dead", func(s *view.Snapshot) bool { return s.Lines[1].Lamp == view.Dead && len(s.Calls) == 0 })
			must(t, cable.Plug())
			d.UntilView("the line is back", func(s *view.Snapshot) bool { return s.Lines[1].Lamp == view.Idle })
			r := d.Ended(1)[0]
			if r.Port != "L2" || r.From != "600123456" || r.Agent != "ana" || r.Cause != "lost" {
				t.Errorf("record %+v", r)
			}
			d.Stop()
			must(t, cable.Unplug())
		})
	}
}
