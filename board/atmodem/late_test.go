package atmodem_test

import (
	"context"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// A port that stays is lost while its modem is not plugged in, obeys nothing, and
// works as soon as the modem is there, whatever kind it is.
func TestModemThatComesLate(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := new(voicemodem.Exchange)
				m := voicemodem.New(who, x)
				x.Attach(m)
				m.Unplug()
				p, r := atmodem.Open(context.Background(), atmodem.Config{Name: "modem1", Device: "/dev/ttyACM0", Stay: true,
					Serial: func(string, int) (io.ReadWriteCloser, error) { return m.Dial() }})
				if p == nil || r.Outcome != atmodem.Skipped {
					t.Fatal(r)
				}
				defer func() { _ = p.Close() }()
				if i := p.Info(); i.Caps != (port.Caps{CallerID: true, OwnClock: true, Progress: true}) || i.Name != "modem1" {
					t.Errorf("it says of itself %+v", i)
				}
				if got := events(p); got != "lost: there is no device /dev/ttyACM0; plug the modem in" {
					t.Errorf("it begins with %q", got)
				}
				if err := p.Command(port.Seize{}); err == nil {
					t.Error("it was seized while there was no modem")
				}
				<-time.After(time.Hour)
				m.Plug()
				<-time.After(at.LastRetry + 3*time.Second)
				if got := events(p); got != "found" {
					t.Fatalf("with the modem it says %q", got)
				}
				x.Call("600123456", "")
				<-time.After(2 * time.Second)
				u := &pump{t: t, p: p}
				command(t, p, port.Seize{})
				u.run(2 * time.Second)
				if !m.OffHook() || u.purity(voicemodem.CallerHz, 4000) < 0.99 {
					t.Errorf("off hook %t, the caller is heard with a share of %.3f", m.OffHook(), u.purity(voicemodem.CallerHz, 4000))
				}
				m.Unplug()
				<-time.After(time.Second)
				m.Plug()
				<-time.After(at.LastRetry + 3*time.Second)
				if got := events(p); got != `ring on, ring off, caller id "600123456" "" , lost: the device is gone: it was unplugged or lost its supply, found` {
					t.Errorf("then it says %q", got)
				}
			})
		})
	}
	// Without Stay nothing is left over.
	if p, r := atmodem.Open(context.Background(), atmodem.Config{Name: "modem1", Device: "/dev/ttyACM0",
		Dial: func() (io.ReadWriteCloser, error) { return nil, fs.ErrNotExist }}); p != nil || r.Outcome != atmodem.Skipped {
		t.Error(r)
	}
}
