package office

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// modems is the house of document with two voice modems in place of the simulated
// lines; the second is not plugged in.
func modems() string {
	board := `board:
  fxs: 2
  modems:
    - {name: modem1, device: /dev/ttyACM0}
    - {name: modem2, device: /dev/ttyACM1}
`
	s := strings.Replace(document, "board: {kind: sim, socket: sim.sock, fxo: 2, fxs: 2}\n", board, 1)
	s = strings.Replace(s, "socket: fxo1", "socket: modem1", 1)
	return strings.Replace(s, "socket: fxo2", "socket: modem2", 1)
}

// plug gives an office modems at ttyACM0 and so on.
func plug(ms ...*voicemodem.Modem) func(*app.Outside) {
	return func(out *app.Outside) {
		out.Serial = func(device string, baud int) (io.ReadWriteCloser, error) {
			for i, m := range ms {
				if device == fmt.Sprint("/dev/ttyACM", i) && baud == 460800 {
					return m.Dial()
				}
			}
			return nil, fmt.Errorf("cannot open %s at %d baud: %w", device, baud, fs.ErrNotExist)
		}
	}
}

// A call comes in on a voice modem, of one that talks and listens at once and of
// one that does so in turn: it is answered, its key is heard while the menu speaks,
// an agent answers, each hears the other, and busy tone ends it; all that is booked.
// The modem that is not there leaves its own line dead and says why; the line lives
// as soon as it is plugged in.
func TestModemLine(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			pack, err := Pack(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				exchange := &voicemodem.Exchange{Callee: "0600111222"}
				modem := voicemodem.New(who, exchange)
				exchange.Attach(modem)
				late := voicemodem.New(who, new(voicemodem.Exchange))
				late.Unplug()
				o := OpenWith(t, 5, modems(), pack, plug(modem, late))
				func() {
					defer o.Stop()
					o.modemCall(exchange, modem)
					late.Plug()
					o.Until("the second line lives", 20*time.Second, func() bool { return o.House().View().Lines[1].Lamp == view.Idle })
				}()
				o.modemBooked()
			})
		})
	}
}

// modemCall plays the call.
func (o *Office) modemCall(exchange *voicemodem.Exchange, modem *voicemodem.Modem) {
	o.T.Helper()
	var got *phone.Call
	ana := o.agent("201", "10.0.0.21", func(c *phone.Call) {
		got = c
		c.Ring()
		<-time.After(2 * time.Second)
		c.Answer()
	})
	defer ana.Close()
	o.Until("the line without a modem is dead and says why", time.Second, func() bool {
		l := o.House().View().Lines
		return l[0].Lamp == view.Idle && l[1].Lamp == view.Dead && strings.Contains(l[1].Detail, "there is no device /dev/ttyACM1")
	})
	exchange.Call("600123456", "JUAN")
	o.Until("the line is answered", 10*time.Second, modem.OffHook)
	exchange.Hush()
	<-time.After(700 * time.Millisecond) // the menu speaks
	o.must(exchange.Press('1'))
	o.Until("an agent answers", 20*time.Second, func() bool {
		c := o.House().View().Calls
		return len(c) == 1 && c[0].Connected
	})
	<-time.After(2 * time.Second) // a modem that was saying music turns round
	got.Forget()
	exchange.Talk(voicemodem.CallerHz)
	<-time.After(2 * time.Second)
	// A fifth of a second: two crystals are being brought together by changing the pitch a little.
	if p := phone.Power(tail(got.Heard(), 1600), voicemodem.CallerHz); p < 0.8 {
		o.T.Errorf("the agent hears the caller with a share of %.2f", p)
	}
	exchange.Hush()
	got.Tone(600)
	<-time.After(3 * time.Second)
	if l := exchange.Level(); l < -30 {
		o.T.Errorf("the caller hears the agent at %.1f dBm0", l)
	}
	got.Mute(true)
	<-time.After(2 * time.Second)
	exchange.HangUp()
	o.Until("the line is let go", 20*time.Second, func() bool { return !modem.OffHook() })
	o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
}

// modemBooked looks at what the book has of the call and of the hardware.
func (o *Office) modemBooked() {
	o.T.Helper()
	records := o.Records()
	if len(records) != 1 {
		o.T.Fatalf("%d calls are booked", len(records))
	}
	r := records[0]
	if r.From != "600123456" || r.Name != "JUAN" || r.Port != "L1" || r.Queue != "ventas" || r.Agent != "ana" || r.Connected.IsZero() ||
		r.EndedBy != tel.ByCaller || !strings.Contains(r.Evidence, "busy") {
		o.T.Errorf("booked as %+v", r)
	}
	board := map[tel.PortID]call.Fact{}
	for _, row := range o.Facts() {
		f, err := row.Fact()
		if err := errors.Join(err, context.Cause(o.T.Context())); err != nil {
			o.T.Fatal(err)
		}
		if f.Kind == call.BoardPort {
			board[f.Port] = f
		}
	}
	if f := board["modem1"]; f.State != "loaded" || !strings.Contains(f.Reason, "16-bit linear") {
		o.T.Errorf("modem1 is booked as %+v", f)
	}
	if f := board["modem2"]; f.State != "skipped" || !strings.Contains(f.Reason, "there is no device") {
		o.T.Errorf("modem2 is booked as %+v", f)
	}
}
