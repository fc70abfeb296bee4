// Package wire is the copper between the simulated board and the test bench: a
// small binary protocol on one stream, usually a socket.
//
// A message is a length of two bytes (big endian, counting what follows), one
// byte of kind, one byte of socket, and a body. The socket byte is 0 for the
// whole board, 1..127 for fxo1.., and 129..255 for fxs1... Integers are big
// endian; audio is 160 samples of 16 bits, little endian, 20 ms.
//
// The test bench speaks first: Hello with the version it knows. The board
// answers Hello with what it has, or Bye with the reason and closes. After
// that both sides send at any time. Audio flows while the loop is closed, and on
// hook when there is something to hear: caller id towards the board and towards
// a telephone, noise of a line.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/centralita/centralita/dsp/pcm"
)

// Version of the protocol. Both sides must have the same.
const Version = 2

// MaxMessage is the longest message in bytes, without the length.
const MaxMessage = 2 + 2*pcm.FrameLen

// Longest texts in bytes: the reason of a Bye, and the name of an impedance.
const (
	MaxReason = 250
	MaxName   = 32
)

// Kind is what a message says.
type Kind byte

// Kinds of messages. A socket of the other kind of port is an error.
const (
	Hello Kind = 0x01 // both, whole board: Board
	Bye   Kind = 0x02 // board, whole board: Text is the reason; the board closes

	RingOn    Kind = 0x10 // bench, FXO: ring voltage on; board, FXS: the bell rings
	RingOff   Kind = 0x11 // the same, off, once per burst
	Battery   Kind = 0x13 // bench, FXO: On
	Polarity  Kind = 0x14 // bench, FXO: On when reversed
	Audio     Kind = 0x15 // both: Frame
	Meter     Kind = 0x16 // bench: DeciVolts and DeciMilliAmps, when they change
	OffHook   Kind = 0x20 // bench, FXS
	OnHook    Kind = 0x21 // bench, FXS
	HookFlash Kind = 0x22 // bench, FXS
	Pulses    Kind = 0x23 // bench, FXS: Digit dialled by pulses
	Seize     Kind = 0x30 // board, FXO: loop closed
	Release   Kind = 0x31 // board, FXO: loop opened
	Flash     Kind = 0x32 // board, FXO: loop opened for a flash
	Drop      Kind = 0x33 // board, FXS: loop dropped for Millis
	Reverse   Kind = 0x34 // board, FXS: On when the wires are turned round
	Neon      Kind = 0x35 // board, FXS: On when the message lamp is lit
	Tune      Kind = 0x36 // board: RxTenths, TxTenths (the board amplifies), Impedance (the bench matches)
)

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case Hello:
		return "hello"
	case Bye:
		return "bye"
	case RingOn:
		return "ring on"
	case RingOff:
		return "ring off"
	case Battery:
		return "battery"
	case Polarity:
		return "polarity"
	case Audio:
		return "audio"
	case OffHook:
		return "off hook"
	case OnHook:
		return "on hook"
	case HookFlash:
		return "hook flash"
	case Pulses:
		return "pulses"
	case Seize:
		return "seize"
	case Release:
		return "release"
	case Flash:
		return "flash"
	case Drop:
		return "drop"
	case Meter:
		return "meter"
	case Reverse:
		return "reverse"
	case Neon:
		return "neon"
	case Tune:
		return "tune"
	}
	return fmt.Sprintf("kind %#02x", byte(k))
}

// Socket is one port of the board; the zero value is the board itself.
type Socket byte

// FXO and FXS return the n-th socket of a kind, n from 1 to 127.
func FXO(n int) Socket { return Socket(n) }

// FXS is described at FXO.
func FXS(n int) Socket { return Socket(n | 0x80) }

// IsFXS reports whether a telephone is plugged in there.
func (s Socket) IsFXS() bool { return s > 0x80 }

// IsFXO reports whether a line is plugged in there.
func (s Socket) IsFXO() bool { return s > 0 && s < 0x80 }

// Number returns n of FXO(n) or FXS(n).
func (s Socket) Number() int { return int(s & 0x7F) }

// String returns the name of the socket, such as "fxo1".
func (s Socket) String() string {
	switch {
	case s.IsFXO():
		return fmt.Sprintf("fxo%d", s.Number())
	case s.IsFXS():
		return fmt.Sprintf("fxs%d", s.Number())
	}
	return "board"
}

// Board is what a Hello tells: the version, and of the board the number of
// sockets and the country.
type Board struct {
	Version  byte
	FXO, FXS int
	Country  string // two letters; empty from the bench
}

// Message is one message. Only the fields named at its kind count.
type Message struct {
	Kind   Kind
	Socket Socket
	On     bool
	Digit  byte
	Millis int
	Text   string
	Board  Board
	Frame  *pcm.Frame

	DeciVolts, DeciMilliAmps int // tip to ring, of the loop
	RxTenths, TxTenths       int // tenths of a decibel
	Impedance                string
}

// String returns a short form for logs.
func (m Message) String() string {
	switch m.Kind {
	case Battery, Polarity, Reverse, Neon:
		return fmt.Sprintf("%s %s %t", m.Socket, m.Kind, m.On)
	case Meter:
		return fmt.Sprintf("%s %s %.1f V %.1f mA", m.Socket, m.Kind, float64(m.DeciVolts)/10, float64(m.DeciMilliAmps)/10)
	case Tune:
		return fmt.Sprintf("%s %s rx %d tx %d tenths %q", m.Socket, m.Kind, m.RxTenths, m.TxTenths, m.Impedance)
	case Bye:
		return fmt.Sprintf("%s: %q", m.Kind, m.Text)
	}
	return fmt.Sprintf("%s %s", m.Socket, m.Kind)
}

const magic = "wire"

// Append appends the message with its length to b. Texts that are too long are cut.
func (m Message) Append(b []byte) []byte {
	at := len(b)
	b = append(b, 0, 0, byte(m.Kind), byte(m.Socket))
	switch m.Kind {
	case Hello:
		b = append(b, magic...)
		b = append(b, m.Board.Version, byte(m.Board.FXO), byte(m.Board.FXS))
		b = appendText(b, m.Board.Country, 2)
	case Bye:
		b = appendText(b, m.Text, MaxReason)
	case Battery, Polarity, Reverse, Neon:
		on := byte(0)
		if m.On {
			on = 1
		}
		b = append(b, on)
	case Pulses:
		b = append(b, m.Digit)
	case Drop:
		b = binary.BigEndian.AppendUint16(b, uint16(m.Millis))
	case Meter:
		b = binary.BigEndian.AppendUint16(b, uint16(int16(m.DeciVolts)))
		b = binary.BigEndian.AppendUint16(b, uint16(int16(m.DeciMilliAmps)))
	case Tune:
		b = binary.BigEndian.AppendUint16(b, uint16(int16(m.RxTenths)))
		b = binary.BigEndian.AppendUint16(b, uint16(int16(m.TxTenths)))
		b = appendText(b, m.Impedance, MaxName)
	case Audio:
		for _, s := range m.Frame {
			b = binary.LittleEndian.AppendUint16(b, uint16(s))
		}
	}
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

// appendText writes s behind its length, cut to most bytes between two runes.
func appendText(b []byte, s string, most int) []byte {
	if len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most]
	}
	return append(append(b, byte(len(s))), s...)
}

// Read reads one message. io.EOF means the other side closed between two
// messages; every other error means the stream cannot be read on.
func Read(r io.Reader) (Message, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("cannot read a message: cut off in its length")
		}
		return Message{}, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n < 2 || n > MaxMessage {
		return Message{}, fmt.Errorf("cannot read a message: its length is %d, not 2 to %d; is this the wire's protocol?", n, MaxMessage)
	}
	var buf [MaxMessage]byte
	if _, err := io.ReadFull(r, buf[:n]); err != nil {
		return Message{}, fmt.Errorf("cannot read a message of %d bytes: %w", n, err)
	}
	return Parse(buf[:n])
}

// Parse reads a message without its length. It keeps nothing of b.
func Parse(b []byte) (Message, error) {
	if len(b) < 2 {
		return Message{}, fmt.Errorf("cannot read a message of %d bytes: two at least", len(b))
	}
	m := Message{Kind: Kind(b[0]), Socket: Socket(b[1])}
	body := b[2:]
	ok := true
	switch m.Kind {
	case Hello:
		if ok = len(body) >= 7 && string(body[:4]) == magic; ok {
			m.Board = Board{Version: body[4], FXO: int(body[5]), FXS: int(body[6])}
			m.Board.Country, body, ok = cutText(body[7:], 2)
		}
	case Bye:
		m.Text, body, ok = cutText(body, MaxReason)
	case Battery, Polarity, Reverse, Neon:
		if ok = len(body) == 1 && body[0] <= 1; ok {
			m.On, body = body[0] == 1, nil
		}
	case Pulses:
		if ok = len(body) == 1 && body[0] >= '0' && body[0] <= '9'; ok {
			m.Digit, body = body[0], nil
		}
	case Drop:
		if ok = len(body) == 2; ok {
			m.Millis, body = int(binary.BigEndian.Uint16(body)), nil
		}
	case Meter:
		if ok = len(body) == 4; ok {
			m.DeciVolts, m.DeciMilliAmps, body = signed(body), signed(body[2:]), nil
		}
	case Tune:
		if ok = len(body) >= 5; ok {
			m.RxTenths, m.TxTenths = signed(body), signed(body[2:])
			m.Impedance, body, ok = cutText(body[4:], MaxName)
		}
	case Audio:
		if ok = len(body) == 2*pcm.FrameLen; ok {
			m.Frame = new(pcm.Frame)
			for i := range m.Frame {
				m.Frame[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			body = nil
		}
	case RingOn, RingOff, OffHook, OnHook, HookFlash, Seize, Release, Flash:
	default:
		return m, fmt.Errorf("cannot read a message: %s is not known in version %d", m.Kind, Version)
	}
	if !ok || len(body) > 0 {
		return m, fmt.Errorf("cannot read a message: its body is not that of %s", m.Kind)
	}
	return m, nil
}

// signed reads a number of 16 bits with a sign.
func signed(b []byte) int { return int(int16(binary.BigEndian.Uint16(b))) }

func cutText(b []byte, most int) (s string, rest []byte, ok bool) {
	if len(b) == 0 || int(b[0]) > most || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := int(b[0])
	return string(b[1 : 1+n]), b[1+n:], true
}
