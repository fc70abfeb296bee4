package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// HoldForm is a way to say hold (RFC 3264 8.4).
type HoldForm int

// The two forms, and the one that wants no audio at all.
const (
	SendOnly HoldForm = iota // a=sendonly
	NullAddr                 // c=IN IP4 0.0.0.0, as RFC 2543 has it
	Inactive                 // a=inactive
)

// Hold puts the other side on hold and waits for its answer.
func (c *Call) Hold(f HoldForm) error {
	switch f {
	case NullAddr:
		return c.reinvite("null")
	case Inactive:
		return c.reinvite("inactive")
	}
	return c.reinvite("sendonly")
}

// Resume ends the hold.
func (c *Call) Resume() error { return c.reinvite("sendrecv") }

// Refresh sends a re-INVITE that changes nothing but the Contact, when Account.Claim did.
func (c *Call) Refresh() error { return c.reinvite("sendrecv") }

// reinvite changes the session; when the other side is not ready for it, once
// more after a while (RFC 3261 14.1).
func (c *Call) reinvite(dir string) error {
	var err error
	for range 16 { // as long as its 200 may be repeated
		var again bool
		if again, err = c.change(dir); !again {
			return err
		}
		t := time.NewTimer(2100 * time.Millisecond)
		select {
		case <-t.C:
		case <-c.ended:
			t.Stop()
			return err
		}
	}
	return err
}

func (c *Call) change(dir string) (again bool, err error) {
	req := c.within2(sip.INVITE)
	req.AppendHeader(c.p.contact())
	setSDP(req, c.describe(dir, false))
	res := c.try(req)
	if res == nil {
		return false, errors.New("cannot change the session: no answer")
	}
	if !res.IsSuccess() {
		again = res.StatusCode == 491 || res.StatusCode == 500
		return again, fmt.Errorf("cannot change the session: %d %s", res.StatusCode, res.Reason)
	}
	c.mu.Lock()
	c.offered = res.Body()
	ack := c.p.newRequest(sip.ACK, c.target, c.id, req.CSeq().SeqNo, c.tag, c.remote, c.remoteTag)
	c.mu.Unlock()
	c.audio.start(res.Body())
	c.mu.Lock()
	c.confirmed = ack
	c.mu.Unlock()
	return false, c.sendACK(ack)
}

// Direction is what the other side's latest description says: "sendrecv",
// "sendonly", "recvonly" or "inactive".
func (c *Call) Direction() string { c.mu.Lock(); defer c.mu.Unlock(); return direction(c.offered) }

// Description is the other side's latest SDP.
func (c *Call) Description() string { c.mu.Lock(); defer c.mu.Unlock(); return string(c.offered) }

func setSDP(req *sip.Request, body []byte) {
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(body)
}

// describe makes the phone's SDP. As an answer it names only what was offered.
func (c *Call) describe(dir string, answer bool) []byte {
	c.mu.Lock()
	c.version++
	version, offered := c.version, c.offered
	c.mu.Unlock()
	pts := c.p.acc.Codecs
	if pts == nil {
		pts = []int{8, 0}
	}
	addr := c.p.claimed().Addr().String()
	null := dir == "null"
	if null {
		addr, dir = "0.0.0.0", "sendrecv"
	}
	events := !c.p.acc.NoEvents
	if answer {
		_, theirs, ev := readMedia(offered)
		events = events && ev > 0
		var both []int
		for _, t := range theirs {
			for _, o := range pts {
				if t == o {
					both = append(both, t)
				}
			}
		}
		if len(both) > 0 {
			pts = both[:1]
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP", version, c.p.addr.Addr(), addr, c.audio.port())
	for _, pt := range pts {
		fmt.Fprintf(&b, " %d", pt)
	}
	if events {
		b.WriteString(" 101")
	}
	b.WriteString("\r\n")
	for _, pt := range pts {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", pt, map[int]string{0: "PCMU", 8: "PCMA", 9: "G722", 18: "G729"}[pt])
	}
	if events {
		b.WriteString("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n")
	}
	fmt.Fprintf(&b, "a=%s\r\n", dir)
	return []byte(b.String())
}

// direction reads the direction of a description.
func direction(body []byte) string {
	d := "sendrecv"
	for _, l := range sdpLines(body) {
		switch l {
		case "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive":
			d = l[2:]
		}
	}
	return d
}

func mirror(d string) string {
	switch d {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return d
}

// readMedia reads where the other side's audio is, its formats and its event type.
func readMedia(body []byte) (at netip.AddrPort, pts []int, event int) {
	var addr netip.Addr
	port := 0
	for _, l := range sdpLines(body) {
		switch {
		case strings.HasPrefix(l, "c=IN IP4 "), strings.HasPrefix(l, "c=IN IP6 "):
			if a, err := netip.ParseAddr(l[9:]); err == nil {
				addr = a
			}
		case strings.HasPrefix(l, "m=audio "):
			f := strings.Fields(l)
			if len(f) < 4 {
				continue
			}
			port, _ = strconv.Atoi(f[1]) // a bad port is 0: no audio
			for _, s := range f[3:] {
				if n, err := strconv.Atoi(s); err == nil {
					pts = append(pts, n)
				}
			}
		case strings.HasPrefix(l, "a=rtpmap:") && strings.Contains(strings.ToLower(l), "telephone-event/8000"):
			num, _, _ := strings.Cut(l[len("a=rtpmap:"):], " ")
			event, _ = strconv.Atoi(num)
		}
	}
	if !addr.IsValid() || addr.IsUnspecified() || port == 0 {
		return netip.AddrPort{}, pts, event
	}
	return netip.AddrPortFrom(addr, uint16(port)), pts, event
}

// sdpLines splits a description.
func sdpLines(body []byte) []string {
	return strings.Split(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
}
