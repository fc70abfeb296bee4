package phone

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/zaf/g711"
)

// DigitForm is a way to send a digit.
type DigitForm int

// The ways.
const (
	RFC4733 DigitForm = iota // telephone-event in RTP
	InBand                   // two tones
	Info                     // SIP INFO, application/dtmf-relay
)

const (
	rate    = 8000
	frame   = 160
	maxPCM  = 10 * 60 * rate // of a recording
	digitOn = 5              // frames of a digit, and of the pause behind it
)

// Packet is one RTP packet that came.
type Packet struct {
	At      time.Time
	PT      uint8
	Seq     uint16
	Time    uint32
	Marker  bool
	Payload []byte
}

// audio is the RTP side of a call: a sender that speaks every 20 ms and a
// recorder of what comes.
type audio struct {
	c *Call

	mu      sync.Mutex
	sock    net.PacketConn
	to      netip.AddrPort
	pt      uint8
	event   uint8
	dir     string
	source  func() int16 // next sample; nil: silence
	queue   []int16      // played before the source
	events  []byte       // digits to send by RFC 4733
	eventAt int          // frame within the digit
	mute    bool
	seq     uint16
	stamp   uint32
	evStamp uint32

	heard   []int16
	packets int
	last    Packet
	digits  []byte
	lastEv  uint32
	gotEv   bool
	running bool
	over    chan struct{}
	once    sync.Once
}

func newAudio(c *Call) *audio { return &audio{c: c, over: make(chan struct{}), seq: 1000} }

// open takes an RTP socket on the phone's address.
func (a *audio) open() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sock != nil {
		return nil
	}
	s, err := a.c.p.net.ListenPacket(netip.AddrPortFrom(a.c.p.addr.Addr(), 0).String())
	if err != nil {
		return err
	}
	a.sock = s
	a.c.p.work.Go(func() { a.receive(s) })
	return nil
}

func (a *audio) port() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sock == nil {
		return 0
	}
	ap, err := netip.ParseAddrPort(a.sock.LocalAddr().String())
	if err != nil {
		return 0
	}
	return int(ap.Port())
}

// start speaks as the other side's description says, from now on.
func (a *audio) start(body []byte) {
	at, pts, event := readMedia(body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.to, a.event, a.dir = at, uint8(event), direction(body)
	own := a.c.p.acc.Codecs
	for _, pt := range pts {
		if (pt == 0 || pt == 8) && (own == nil || slices.Contains(own, pt)) {
			a.pt = uint8(pt)
			break
		}
	}
	if !a.running && a.sock != nil {
		a.running = true
		a.c.p.work.Go(a.send)
	}
}

func (a *audio) stop() {
	a.once.Do(func() {
		close(a.over)
		a.mu.Lock()
		s := a.sock
		a.mu.Unlock()
		if s != nil {
			closeQuietly(s)
		}
	})
}

// send speaks a frame every 20 ms.
func (a *audio) send() {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			a.tick()
		case <-a.over:
			return
		}
	}
}

func (a *audio) tick() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stamp += frame
	if !a.to.IsValid() || a.mute || a.dir == "sendonly" || a.dir == "inactive" {
		return
	}
	pkt := make([]byte, 12, 12+frame)
	pkt[0] = 0x80
	binary.BigEndian.PutUint16(pkt[2:], a.seq)
	a.seq++
	binary.BigEndian.PutUint32(pkt[8:], 0x50484F4E)
	if len(a.events) > 0 {
		pkt = a.eventPacket(pkt)
		if pkt == nil {
			a.seq--
			return
		}
	} else {
		pkt[1] = a.pt
		binary.BigEndian.PutUint32(pkt[4:], a.stamp)
		for range frame {
			s := a.sample()
			if a.pt == 8 {
				pkt = append(pkt, g711.EncodeAlawFrame(s))
			} else {
				pkt = append(pkt, g711.EncodeUlawFrame(s))
			}
		}
	}
	if _, err := a.sock.WriteTo(pkt, net.UDPAddrFromAddrPort(a.to)); err != nil {
		a.mute = true // the socket is closed: the call is over
	}
}

// eventPacket is the next packet of the digit at the front (RFC 4733 2.5): while
// it sounds one a tick, its end three times, then a pause.
func (a *audio) eventPacket(pkt []byte) []byte {
	n := a.eventAt
	a.eventAt++
	if n == 0 {
		a.evStamp = a.stamp
	}
	code := byte(strings.IndexByte("0123456789*#ABCD", a.events[0]))
	if n >= digitOn+3 {
		if n >= 2*digitOn+3 {
			a.events, a.eventAt = a.events[1:], 0
		}
		return nil
	}
	pkt[1] = a.event
	if n == 0 {
		pkt[1] |= 0x80
	}
	binary.BigEndian.PutUint32(pkt[4:], a.evStamp)
	vol := byte(10)
	if n >= digitOn {
		vol |= 0x80
	}
	dur := uint16(min(n+1, digitOn) * frame)
	return append(pkt, code, vol, byte(dur>>8), byte(dur))
}

func (a *audio) sample() int16 {
	if len(a.queue) > 0 {
		s := a.queue[0]
		a.queue = a.queue[1:]
		return s
	}
	if a.source == nil {
		return 0
	}
	return a.source()
}

// receive records what comes.
func (a *audio) receive(s net.PacketConn) {
	buf := make([]byte, 2048)
	for {
		n, _, err := s.ReadFrom(buf)
		if err != nil {
			return
		}
		if n < 12 || buf[0]>>6 != 2 {
			continue
		}
		a.take(buf[:n])
	}
}

func (a *audio) take(b []byte) {
	pkt := Packet{At: time.Now(), PT: b[1] & 0x7F, Marker: b[1]&0x80 != 0, Seq: binary.BigEndian.Uint16(b[2:]),
		Time: binary.BigEndian.Uint32(b[4:]), Payload: append([]byte(nil), b[12:]...)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.packets++
	a.last = pkt
	switch {
	case pkt.PT == 0 || pkt.PT == 8:
		for _, v := range pkt.Payload {
			if len(a.heard) == maxPCM {
				return
			}
			if pkt.PT == 8 {
				a.heard = append(a.heard, g711.DecodeAlawFrame(v))
			} else {
				a.heard = append(a.heard, g711.DecodeUlawFrame(v))
			}
		}
	case len(pkt.Payload) >= 4 && (!a.gotEv || pkt.Time != a.lastEv) && pkt.Payload[0] < 16:
		a.gotEv, a.lastEv = true, pkt.Time
		a.digits = append(a.digits, "0123456789*#ABCD"[pkt.Payload[0]])
	}
}

// Tone speaks a sine of hz at about -10 dBm0; 0 is silence.
func (c *Call) Tone(hz float64) {
	c.audio.mu.Lock()
	defer c.audio.mu.Unlock()
	if hz == 0 {
		c.audio.source = nil
		return
	}
	phase := 0.0
	c.audio.source = func() int16 {
		phase += 2 * math.Pi * hz / rate
		return int16(7000 * math.Sin(phase))
	}
}

// Play speaks samples (8 kHz) once.
func (c *Call) Play(samples []int16) {
	c.audio.mu.Lock()
	c.audio.queue = append(c.audio.queue, samples...)
	c.audio.mu.Unlock()
}

// Mute stops sending RTP altogether, as a broken phone does.
func (c *Call) Mute(on bool) { c.audio.mu.Lock(); c.audio.mute = on; c.audio.mu.Unlock() }

// SendDigits keys digits: 100 ms each with 100 ms between. It returns at once.
func (c *Call) SendDigits(digits string, f DigitForm) {
	switch f {
	case RFC4733:
		c.audio.mu.Lock()
		c.audio.events = append(c.audio.events, digits...)
		c.audio.mu.Unlock()
	case InBand:
		var pcm []int16
		for i := 0; i < len(digits); i++ {
			pcm = append(pcm, twoTones(digits[i])...)
			pcm = append(pcm, make([]int16, digitOn*frame)...)
		}
		c.Play(pcm)
	case Info:
		c.p.work.Go(func() {
			for i := 0; i < len(digits); i++ {
				req := c.within2(sip.INFO)
				req.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
				req.SetBody([]byte("Signal=" + digits[i:i+1] + "\r\nDuration=100\r\n"))
				c.try(req)
			}
		})
	}
}

// twoTones is 100 ms of a key by ITU-T Q.23, each tone at about -8 dBm0.
func twoTones(key byte) []int16 {
	at := strings.IndexByte("123A456B789C*0#D", key)
	if at < 0 {
		return nil
	}
	low, high := []float64{697, 770, 852, 941}[at/4], []float64{1209, 1336, 1477, 1633}[at%4]
	out := make([]int16, digitOn*frame)
	for i := range out {
		t := 2 * math.Pi * float64(i) / rate
		out[i] = int16(7000*math.Sin(low*t) + 7000*math.Sin(high*t))
	}
	return out
}

// Heard is the audio that came so far, 8 kHz; at most ten minutes are kept.
func (c *Call) Heard() []int16 {
	c.audio.mu.Lock()
	defer c.audio.mu.Unlock()
	return append([]int16(nil), c.audio.heard...)
}

// Forget drops what was heard so far.
func (c *Call) Forget() { c.audio.mu.Lock(); c.audio.heard = nil; c.audio.mu.Unlock() }

// HeardDigits are the digits that came by RFC 4733.
func (c *Call) HeardDigits() string {
	c.audio.mu.Lock()
	defer c.audio.mu.Unlock()
	return string(c.audio.digits)
}

// Packets is how many RTP packets came, and the last of them.
func (c *Call) Packets() (int, Packet) {
	c.audio.mu.Lock()
	defer c.audio.mu.Unlock()
	return c.audio.packets, c.audio.last
}

// RTP is the phone's own RTP address; not valid before the call has one.
func (c *Call) RTP() netip.AddrPort {
	if port := c.audio.port(); port > 0 {
		return netip.AddrPortFrom(c.p.addr.Addr(), uint16(port))
	}
	return netip.AddrPort{}
}

// Power is how strong a tone of hz is in samples: the share of their energy, 0 to 1.
func Power(samples []int16, hz float64) float64 {
	var re, im, all float64
	for i, s := range samples {
		v := float64(s)
		w := 2 * math.Pi * hz * float64(i) / rate
		re += v * math.Cos(w)
		im += v * math.Sin(w)
		all += v * v
	}
	if all == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / (float64(len(samples)) * all)
}
