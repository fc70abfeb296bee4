package rtpleg

import "testing"

// RFC 3264 § 5.1: each side sends with the numbers that the other asked for.
func TestPayloadTypesMayDifferByDirection_RFC3264_5_1(t *testing.T) {
	s := Session{Codec: PCMA, PT: 8, EventPT: 96, RecvPT: 8, RecvEventPT: 101}
	for pt, want := range map[uint8][2]bool{
		8: {false, true}, 101: {true, true}, 96: {true, true}, 0: {true, false}, 97: {true, false},
	} {
		if event, ok := s.event(pt); ok != want[1] || ok && event != want[0] {
			t.Errorf("payload type %d: event %t, agreed %t", pt, event, ok)
		}
	}
	none := Session{Codec: PCMU, PT: 0}
	if _, ok := none.event(101); ok {
		t.Error("an event that nobody agreed on is heard")
	}
	if event, ok := none.event(0); event || !ok {
		t.Error("PCMU is not heard")
	}
}
