package sim

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// What the port says is amplified by one gain, what it hears by the other, and
// the bench is told of the impedance.
func TestTune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 1})
		w, ended := plugIn(t, b)
		p := b.Ports()[0]
		w.at = wire.FXO(1)
		names := p.(port.Tuner).Impedances()
		for _, c := range []port.Command{port.Seize{}, port.Tune{RxTenths: 60, TxTenths: -60, Impedance: names[2]}} {
			if err := p.Command(c); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		expect(t, "the bench is told", w.kinds(), `board hello, fxo1 seize, fxo1 tune rx 60 tx -60 tenths "270+750||150n"`)
		w.Say(&pcm.Frame{1000})
		w.Say(&pcm.Frame{1000})
		synctest.Wait()
		var f pcm.Frame
		for range 2 {
			if err := p.Audio().Read(&f); err != nil {
				t.Fatal(err)
			}
		}
		if f[0] < 1990 || f[0] > 2000 {
			t.Errorf("+6 dB make %d of 1000", f[0])
		}
		if err := p.Audio().Write(&pcm.Frame{1000}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if h := w.Heard(); len(h) != 1 || h[0][0] < 499 || h[0][0] > 503 {
			t.Errorf("-6 dB make %v of 1000", h)
		}
		for _, c := range []port.Command{port.Tune{RxTenths: 121}, port.Tune{TxTenths: -151}, port.Tune{Impedance: "6000"}} {
			if err := p.Command(c); err == nil || !strings.Contains(err.Error(), c.String()) {
				t.Errorf("%s: %v", c, err)
			}
		}
		w.conn.Close()
		<-ended
		w, ended = plugIn(t, b)
		expect(t, "the next bench", w.kinds(), `board hello, fxo1 tune rx 60 tx -60 tenths "270+750||150n", fxo1 seize`)
		b.Close()
		<-ended
	})
}

// Without a bench the line is short and whole; a bench tells what it measures.
func TestMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 1, FXS: 1})
		p := b.Ports()
		read := func(p port.Port) string {
			r, err := p.(port.Meter).Measure()
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%.1f V %.1f mA", r.Volts, r.MilliAmps)
		}
		expect(t, "on hook", read(p[0]), "48.0 V 0.0 mA")
		p[0].Command(port.Seize{})
		expect(t, "off hook", read(p[0]), "20.6 V 68.6 mA")
		p[1].Command(port.Reverse{On: true})
		expect(t, "a telephone turned round", read(p[1]), "-48.0 V 0.0 mA")
		w, ended := plugIn(t, b)
		w.send(wire.Message{Kind: wire.Meter, Socket: wire.FXO(1), DeciVolts: -73, DeciMilliAmps: 212})
		synctest.Wait()
		expect(t, "told by the bench", read(p[0]), "-7.3 V 21.2 mA")
		b.Close()
		<-ended
		if _, err := p[0].(port.Meter).Measure(); err == nil {
			t.Error("a closed port measures")
		}
	})
}
