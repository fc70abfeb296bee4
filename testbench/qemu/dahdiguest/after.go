//go:build linux

package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// gains makes the line's port hear 6 dB more and say 4 dB less.
func gains(b *bench) (string, error) {
	level := func(from, to *end, tune port.Tune) (float64, error) {
		if err := b.line.Command(tune); err != nil {
			return 0, err
		}
		from.says(sine(1004, -20))
		time.Sleep(300 * time.Millisecond)
		x := to.record(0.5)
		from.says(nil)
		return pcm.Level(x), b.line.Command(port.Tune{})
	}
	in, err := level(b.phone, b.line, port.Tune{RxTenths: 60})
	if err != nil {
		return "", err
	}
	out, err := level(b.line, b.phone, port.Tune{TxTenths: -40})
	if err != nil {
		return "", err
	}
	back, err := level(b.phone, b.line, port.Tune{})
	if err != nil {
		return "", err
	}
	detail := fmt.Sprintf("-20 dBm0 is heard at %.1f with +6 dB, said at %.1f with -4 dB, heard at %.1f without", in, out, back)
	if in < -14.5 || in > -13.5 || out < -24.5 || out > -23.5 || back < -20.3 || back > -19.7 {
		return "", errors.New(detail)
	}
	return detail, nil
}

// cancelEcho lets the far end give back every octet that it hears, 10 dB down, and
// measures what the module's canceller leaves of it.
func cancelEcho(*bench) (string, error) {
	far, err := dahdi.System(dahdi.Root).Channel(phoneChan)
	if err != nil {
		return "", err
	}
	defer far.Close()
	// A canceller takes an echo that is as loud as the sound for another voice.
	if err := errors.Join(far.Ioctl(abi.Loopback, abi.Int(1)), far.Ioctl(abi.SetGains, quieter(10))); err != nil {
		return "", err
	}
	ports, reps := open(lineChan)
	if len(ports) != 1 {
		return "", errors.New(said(reps))
	}
	line := newEnd(ports[0])
	defer line.Close()
	if err := line.Command(port.Seize{}); err != nil {
		return "", err
	}
	r := rand.New(rand.NewPCG(4, 2))
	line.says(func(f *pcm.Frame) {
		for i := range f {
			f[i] = int16(r.NormFloat64() * pcm.RMS(-14))
		}
	})
	measure := func(on bool) (float64, error) {
		if err := line.Command(port.EchoCancel{On: on}); err != nil {
			return 0, err
		}
		time.Sleep(4 * time.Second)
		return pcm.Level(line.record(1)), nil
	}
	off, err1 := measure(false)
	on, err2 := measure(true)
	again, err3 := measure(false)
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", err
	}
	detail := fmt.Sprintf("echo of noise of -14 dBm0: %.1f dBm0 without, %.1f with, %.1f without again", off, on, again)
	if off > -22 || off < -26 || on > off-15 || math.Abs(again-off) > 1 {
		return "", errors.New(detail)
	}
	return detail, nil
}

// quieter are the module's tables that take some decibels from what a channel hears.
func quieter(db float64) []byte {
	var g abi.Gains
	var x [256]int16
	for i := range g.Rx {
		g.Rx[i], g.Tx[i] = byte(i), byte(i)
	}
	g711.ExpandULaw(x[:], g.Rx[:])
	for i := range x {
		x[i] = int16(float64(x[i]) * math.Pow(10, -db/20))
	}
	g711.CompressULaw(g.Rx[:], x[:])
	return abi.Encode(g)
}

// refused: what this wire cannot do is an error that says so.
func refused(b *bench) (string, error) {
	for _, c := range []port.Command{port.Reverse{On: true}, port.Neon{On: true}} {
		if err := b.phone.Command(c); err == nil {
			return "", fmt.Errorf("%s is taken", c)
		}
	}
	err := b.phone.Command(port.Ring{})
	if err == nil {
		return "", errors.New("a telephone off hook rings")
	}
	return err.Error(), nil
}

// disconnect: the exchange's end drops the battery, the line's end sees how long.
func disconnect(b *bench) (string, error) {
	if err := b.phone.Command(port.Disconnect{Millis: 500}); err != nil {
		return "", err
	}
	at, err := b.line.awaitAll(2*time.Second, port.Battery{On: false}, port.Battery{On: true})
	if err != nil {
		return "", err
	}
	width := between(at)
	if !near(width, []int{500}, 45) {
		return "", fmt.Errorf("the battery was away for %v ms", width)
	}
	return fmt.Sprintf("battery away for %d ms", width[0]), errors.Join(b.line.silent(time.Second), b.phone.silent(time.Millisecond))
}

// release: the line lets go, the telephone's end sees it after the time of a flash.
func release(b *bench) (string, error) {
	begin := time.Now()
	if err := b.line.Command(port.Release{}); err != nil {
		return "", err
	}
	at, err := b.phone.await(port.OnHook{}, 3*time.Second)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("told after %d ms", at.Sub(begin).Milliseconds()), nil
}

// ringSoon: the next call comes before the module would speak of it.
func ringSoon(b *bench) (string, error) {
	time.Sleep(50 * time.Millisecond)
	if err := b.phone.Command(port.Ring{Cadence: port.CadenceOf([]int{800, 1200})}); err != nil {
		return "", err
	}
	begin := time.Now()
	at, err := b.line.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}, port.RingOn{}, port.RingOff{})
	if err != nil {
		return "", err
	}
	if late := at[0].Sub(begin); late > 100*time.Millisecond {
		return "", fmt.Errorf("the first burst is told %s late", late)
	}
	if err := b.phone.Command(port.StopRing{}); err != nil {
		return "", err
	}
	if _, err := b.phone.awaitAll(time.Second, port.RingOn{}, port.RingOff{}, port.RingOn{}, port.RingOff{}); err != nil {
		return "", err
	}
	return fmt.Sprintf("first burst told after %d ms", at[0].Sub(begin).Milliseconds()), errors.Join(b.line.silent(2500*time.Millisecond), b.phone.silent(time.Millisecond))
}

// ringOut: an answer in the silence between two bursts ends the bell too.
func ringOut(b *bench) (string, error) {
	if err := b.phone.Command(port.Ring{Cadence: port.CadenceOf([]int{500, 1500})}); err != nil {
		return "", err
	}
	if _, err := b.line.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}); err != nil {
		return "", err
	}
	if err := b.line.Command(port.Seize{}); err != nil {
		return "", err
	}
	if _, err := b.phone.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}, port.OffHook{}); err != nil {
		return "", err
	}
	if err := errors.Join(b.line.silent(4*time.Second), b.phone.silent(time.Millisecond)); err != nil {
		return "", err
	}
	if err := b.line.Command(port.Release{}); err != nil {
		return "", err
	}
	_, err := b.phone.await(port.OnHook{}, 3*time.Second)
	return "no burst after it", err
}

// replug takes the line's card out in the middle of a call and puts it back.
func replug(b *bench) (string, error) {
	if err := b.line.Command(port.Seize{}); err != nil {
		return "", err
	}
	if _, err := b.phone.await(port.OffHook{}, time.Second); err != nil {
		return "", err
	}
	if err := unplug(lineChan); err != nil {
		return "", err
	}
	lost, err := b.line.next(2 * time.Second)
	if err != nil {
		return "", err
	}
	why, ok := lost.Event.(port.Lost)
	if !ok {
		return "", fmt.Errorf("%q is told", lost.Event)
	}
	time.Sleep(3 * time.Second)
	if err := b.line.Command(port.Seize{}); err == nil {
		return "", errors.New("a line that is not there is seized")
	}
	if err := plug(lineChan); err != nil {
		return "", err
	}
	back, err := b.line.await(port.Found{}, 5*time.Second)
	if err != nil {
		return "", err
	}
	// What the other end saw of it is the loop driver's own affair.
	if err := b.phone.Close(); err != nil {
		return "", err
	}
	time.Sleep(3 * time.Second)
	ports, reps := open(phoneChan)
	if len(ports) != 1 {
		return "", errors.New(said(reps))
	}
	b.phone = newEnd(ports[0])
	if err := b.line.Command(port.Seize{}); err != nil {
		return "", err
	}
	if _, err := b.phone.await(port.OffHook{}, time.Second); err != nil {
		return "", err
	}
	if _, err := talk(b); err != nil {
		return "", fmt.Errorf("after it: %w", err)
	}
	return fmt.Sprintf("lost because %s, back after %.1f s, talks again", why.Why, back.Sub(lost.at).Seconds()), b.line.silent(time.Millisecond)
}

// closing lets go of the wire.
func closing(b *bench) (string, error) {
	if err := b.line.Close(); err != nil {
		return "", err
	}
	if _, err := b.phone.await(port.OnHook{}, 3*time.Second); err != nil {
		return "", err
	}
	return "the other end sees it", b.phone.Close()
}
