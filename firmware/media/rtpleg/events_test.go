package rtpleg

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// body is the payload of an event packet.
func body(event byte, end bool, duration uint16) []byte {
	b := []byte{event, 10, byte(duration >> 8), byte(duration)}
	if end {
		b[1] |= 0x80
	}
	return b
}

// fetch returns all keys that wait.
func fetch(e *eventIn) (s string) {
	for d, ok := e.pop(); ok; d, ok = e.pop() {
		s += d.String()
	}
	return s
}

func TestRFC4733_2_5_OneKeyHoweverItsPacketsCome(t *testing.T) {
	type pkt struct {
		ts       uint32
		event    byte
		end      bool
		duration uint16
	}
	for _, c := range []struct {
		name string
		in   []pkt
		want string
	}{
		{"the whole key", []pkt{{8, 5, false, 160}, {8, 5, false, 320}, {8, 5, true, 400}, {8, 5, true, 400}, {8, 5, true, 400}}, "5"},
		{"only one end", []pkt{{8, 11, true, 400}}, "#"},
		{"the same key twice", []pkt{{8, 5, true, 400}, {1608, 5, false, 160}, {1608, 5, true, 400}}, "55"},
		{"an end of the key before comes late", []pkt{{8, 1, true, 400}, {1608, 2, false, 160}, {8, 1, true, 400}, {1608, 2, true, 400}}, "12"},
		{"an update after the end", []pkt{{8, 1, true, 400}, {8, 1, false, 320}}, "1"},
		{"segments of a long key (2.5.1.3)", []pkt{{8, 1, false, 65000}, {8, 1, false, 65535}, {65543, 1, false, 160}, {65543, 1, true, 800}}, "1"},
		{"duration 0", []pkt{{8, 1, false, 0}, {8, 1, true, 0}}, "1"},
		{"duration 65535 and end", []pkt{{8, 1, true, 65535}, {70000, 1, true, 100}}, "11"},
		{"the timestamp wraps", []pkt{{4294967000, 1, true, 400}, {800, 2, true, 400}}, "12"},
		{"letters", []pkt{{8, 10, true, 400}, {1608, 12, true, 400}, {3208, 15, true, 400}}, "*AD"},
	} {
		var e eventIn
		for _, p := range c.in {
			e.next()
			e.take(p.ts, body(p.event, p.end, p.duration))
		}
		if got := fetch(&e); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEventsOver15AndShortOnesAreIgnored(t *testing.T) {
	var e eventIn
	e.next()
	if e.take(8, body(16, false, 160)) || e.take(8, body(255, true, 160)) || e.take(8, []byte{1, 2, 3}) || e.take(8, nil) {
		t.Error("it was taken")
	}
	if got := fetch(&e); got != "" {
		t.Errorf("told %q", got)
	}
}

func TestAKeyThatIsNeverReleasedEnds(t *testing.T) {
	var e eventIn
	e.next()
	e.take(8, body(1, false, 160))
	for range unheard {
		e.next()
	}
	if e.down {
		t.Error("it is down 200 ms after its last packet")
	}
	e.take(100_000, body(1, false, 160))
	for i := range longest {
		e.next()
		e.take(100_000, body(1, false, uint16(min(65535, i*160))))
	}
	if e.down {
		t.Error("it is down after eight seconds")
	}
	if got := fetch(&e); got != "11" {
		t.Errorf("told %q", got)
	}
}

func TestTwentyKeysASecondAtMost(t *testing.T) {
	var e eventIn
	told := 0
	for tick := range 500 {
		e.next()
		for k := range 4 {
			e.take(uint32(tick*160+k*40), body(byte(k), true, 40))
		}
		told += len(fetch(&e))
	}
	if told < 150 || told > 200 {
		t.Errorf("%d keys in ten seconds", told)
	}
}

func TestAKeyIsSentOnceAtATime(t *testing.T) {
	var e eventOut
	if e.begin('x', 5) || !e.begin('5', 5) || e.begin('6', 5) {
		t.Error("begin is wrong")
	}
	var p [4]byte
	n := 0
	for ; e.busy(); n++ {
		ts, marker := e.packet(p[:], uint32(1000+160*n))
		if ts != 1000 || marker != (n == 0) {
			t.Errorf("packet %d: timestamp %d, marker %t", n, ts, marker)
		}
	}
	if n != 8 || tel.Digit(keyOf[p[0]]) != '5' || p[1]&0x80 == 0 {
		t.Errorf("%d packets, the last %v", n, p)
	}
}

func FuzzEventIn(f *testing.F) {
	f.Add(append([]byte{0, 8}, body(5, false, 160)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e eventIn
		keys := 0
		ticks := 0
		for len(data) >= 6 {
			if data[0]&1 == 0 {
				e.next()
				ticks++
			}
			n := 2 + int(data[1]%5)
			e.take(uint32(data[0])<<8|uint32(data[1]), data[2:n])
			keys += len(fetch(&e))
			data = data[n:]
		}
		if most := perSecond * (ticks/second + 2); keys > most {
			t.Fatalf("%d keys in %d ticks", keys, ticks)
		}
	})
}
