package chips

import (
	"errors"

	"github.com/centralita/centralita/hal/display"
)

// TM1637 is the controller of four digits on two wires, CLK and DIO, as its data sheet
// has it: it pulls DIO down in the ninth clock of each byte.
type TM1637 struct {
	clk, dio       int // as the driver drives them
	started        bool
	pull           bool // it pulls DIO down
	bits           int
	shift          byte
	list           []byte
	memory         [6]byte
	on             bool
	duty           byte
	Unplugged      bool
	Writes, Closed int
}

// NewTM1637 returns a module that has just got power.
func NewTM1637() *TM1637 {
	m := &TM1637{}
	m.Power()
	return m
}

// Power is a power cycle: the memory holds anything.
func (m *TM1637) Power() {
	*m = TM1637{clk: 1, dio: 1, memory: [6]byte{1, 2, 3, 4, 5, 6}, Writes: m.Writes}
}

// Close, Values and SetValues make it lines with an open drain.
func (m *TM1637) Close() error { m.Closed++; return nil }

func (m *TM1637) Values(v []int) error {
	v[0], v[1] = m.clk, m.dio
	if m.pull && !m.Unplugged {
		v[1] = 0
	}
	return nil
}

func (m *TM1637) SetValues(v []int) error {
	clk, dio := v[0], v[1]
	if clk != m.clk && dio != m.dio {
		return errors.New("both wires changed at once")
	}
	switch {
	case m.clk == 1 && clk == 1 && m.dio == 1 && dio == 0:
		m.started, m.bits, m.list = true, 0, nil
	case m.clk == 1 && clk == 1 && m.dio == 0 && dio == 1:
		if m.started && !m.Unplugged {
			m.take()
		}
		m.started = false
	case m.started && m.clk == 0 && clk == 1 && m.bits < 8:
		m.shift |= byte(dio) << m.bits
		m.bits++
	case m.started && m.clk == 1 && clk == 0 && m.bits == 8:
		m.list, m.pull, m.bits, m.shift = append(m.list, m.shift), true, 9, 0
	case m.started && m.clk == 1 && clk == 0 && m.bits == 9:
		m.pull, m.bits = false, 0
	}
	m.clk, m.dio = clk, dio
	return nil
}

// take is a whole transfer.
func (m *TM1637) take() {
	m.Writes++
	switch b := m.list[0]; b & 0xC0 {
	case 0xC0:
		copy(m.memory[b&7:], m.list[1:])
	case 0x80:
		m.on, m.duty = b&8 != 0, b&7
	}
}

// Seen is what a person sees.
func (m *TM1637) Seen() Face {
	f := Face{Digits: [4]byte(m.memory[:4]), Colon: m.memory[1]&0x80 != 0}
	f.Digits[1] &^= 0x80
	if m.on {
		f.Light = display.Full
		if m.duty < 4 {
			f.Light = display.Dim
		}
	}
	return f
}
