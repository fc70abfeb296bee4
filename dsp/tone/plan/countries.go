package plan

// Levels of generated tones, each frequency, in dBm0. E.180 § 3 recommends −10
// for one frequency, and the United States −13 (dial), −19 (ringback), −24 (busy).
const (
	single = -10
	double = -13
)

// plans are the tables, a function each so that nobody can change them.
var plans = [...]func() Plan{es, mx, cl, ar, co, pe, us, gb, de, fr, br, it, pt}

// one is a signal of a single frequency.
func one(hz float64, onOff ...int) Signal {
	return Signal{Hz: []float64{hz}, DBm0: single, OnOff: onOff}
}

// both is a signal of two frequencies.
func both(a, b, dbm0 float64, onOff ...int) Signal {
	return Signal{Hz: []float64{a, b}, DBm0: dbm0, OnOff: onOff}
}

// country fills in what is alike everywhere: the special information tone is
// that of E.180 § 8, the howler the receiver-off-hook signal of four
// frequencies, the confirmation three short bursts of dial tone.
func country(code string, dial, ringback, busy, congestion Signal) Plan {
	p := Plan{Country: code, Ring: ringback.OnOff}
	p.Signals[Dial], p.Signals[Ringback] = dial, ringback
	p.Signals[Busy], p.Signals[Congestion] = busy, congestion
	p.Signals[Howler] = Signal{Hz: []float64{1400, 2060, 2450, 2600}, DBm0: -10, OnOff: []int{100, 100}}
	p.Signals[Confirm] = Signal{Hz: dial.Hz, DBm0: dial.DBm0, OnOff: []int{100, 100, 100, 100, 100, 100}, Once: true}
	p.Signals[Info] = Signal{Hz: []float64{950}, Then: []float64{1400, 1800}, DBm0: single, OnOff: []int{330, 30, 330, 30, 330, 1000}}
	p.Unsure = append(p.Unsure, "disconnect: no source names a tone of its own; lines send busy, congestion or dial tone, or one that must be learned")
	if code == "GB" {
		p.Signals[Unobtainable] = one(400)
	} else {
		p.Unsure = append(p.Unsure, "unobtainable: no source for a tone of its own; the special information tone and an announcement are usual")
	}
	if code != "US" {
		p.Unsure = append(p.Unsure, "howler and confirmation: no national source, the common North American forms stand here")
	}
	return p
}

// es: congestion is three bursts, then a long gap.
func es() Plan {
	return country("ES", one(425), one(425, 1500, 3000), one(425, 200, 200),
		one(425, 200, 200, 200, 200, 200, 600))
}

func mx() Plan {
	p := country("MX", one(425), one(425, 1000, 4000), one(425, 250, 250), one(425, 250, 250))
	p.Ring = []int{2000, 4000}
	p.Unsure = append(p.Unsure, "congestion: the sources give it the cadence of busy, so the two cannot be told apart")
	return p
}

func cl() Plan {
	return country("CL", one(400), one(400, 1000, 3000), one(400, 500, 500), one(400, 200, 200))
}

func ar() Plan {
	p := country("AR", one(425), one(425, 1000, 4500), one(425, 300, 300), one(425, 200, 300))
	p.Others = []Other{
		{Ringback, one(425, 1000, 4000)},
		{Busy, one(425, 300, 200)},
		{Congestion, one(425, 300, 400)},
	}
	p.Unsure = append(p.Unsure, "driver tables and E.180 disagree on busy (300/300 or 300/200), congestion (200/300 or 300/400) and ringback (1000/4500 or 1000/4000): both are recognised")
	return p
}

func co() Plan {
	p := country("CO", one(425), one(425, 1000, 4500), one(425, 250, 250), Signal{})
	p.Signals[Congestion] = p.Signals[Busy]
	p.Unsure = append(p.Unsure, "all tones: one makers' table only",
		"congestion: no source, busy stands here",
		"ring: no source, the cadence of ringback stands here")
	return p
}

func pe() Plan {
	p := country("PE", one(425), one(425, 1000, 4000), one(425, 500, 500), Signal{})
	p.Signals[Congestion] = p.Signals[Busy]
	p.Unsure = append(p.Unsure, "all tones: one makers' table only",
		"congestion: no source, busy stands here",
		"ring: no source, the cadence of ringback stands here")
	return p
}

func us() Plan {
	return country("US", both(350, 440, -13), both(440, 480, -19, 2000, 4000),
		both(480, 620, -24, 500, 500), both(480, 620, -24, 250, 250))
}

func gb() Plan {
	return country("GB", both(350, 440, double), both(400, 450, double, 400, 200, 400, 2000),
		one(400, 375, 375), one(400, 400, 350, 225, 525))
}

func de() Plan {
	return country("DE", one(425), one(425, 1000, 4000), one(425, 480, 480), one(425, 240, 240))
}

func fr() Plan {
	p := country("FR", one(440), one(440, 1500, 3500), one(440, 500, 500), one(440, 250, 250))
	p.Others = []Other{{Dial, both(330, 440, double)}}
	p.Unsure = append(p.Unsure, "dial: 440 or 330+440 by source, both are recognised",
		"congestion: not specified by the operator, the cadence of the driver tables stands here")
	return p
}

func br() Plan {
	return country("BR", one(425), one(425, 1000, 4000), one(425, 250, 250),
		one(425, 250, 250, 750, 250))
}

// it: the national dial tone is itself a cadence; exchanges also send it steadily.
func it() Plan {
	p := country("IT", one(425), one(425, 1000, 4000), one(425, 500, 500), one(425, 200, 200))
	p.Others = []Other{{Dial, one(425, 200, 200, 600, 1000)}}
	p.Unsure = append(p.Unsure, "all tones: not in the project's research; E.180 supplement 2 as commonly quoted",
		"dial: steady or 200/200/600/1000, both are recognised")
	return p
}

func pt() Plan {
	p := country("PT", one(425), one(425, 1000, 5000), one(425, 500, 500), one(425, 200, 200))
	p.Unsure = append(p.Unsure, "all tones: not in the project's research; E.180 supplement 2 as commonly quoted")
	return p
}
