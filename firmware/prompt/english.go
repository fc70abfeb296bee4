package prompt

// englishNumber: "one hundred twenty-one thousand five".
func englishNumber(n int, _ string) []string {
	if n == 0 {
		return []string{"n-0"}
	}
	var out []string
	if thousands := n / 1000; thousands > 0 {
		out = append(englishHundreds(out, thousands), "n-thousand")
	}
	return englishHundreds(out, n%1000)
}

// englishHundreds says 1 to 999; 0 is nothing.
func englishHundreds(out []string, n int) []string {
	if n >= 100 {
		out = append(out, id("n", n/100*100))
	}
	if n%100 > 0 {
		out = append(out, id("n", n%100))
	}
	return out
}

// englishTime: "ten thirty a. m.", "nine oh five p. m.", "noon".
func englishTime(hour, minute int) []string {
	if minute == 0 && hour == 0 {
		return []string{"time-midnight"}
	}
	if minute == 0 && hour == 12 {
		return []string{"time-noon"}
	}
	out := []string{id("n", (hour+11)%12+1)}
	switch {
	case minute == 0:
	case minute < 10:
		out = append(out, "time-oh", id("n", minute))
	default:
		out = append(out, id("n", minute))
	}
	if hour < 12 {
		return append(out, "time-am")
	}
	return append(out, "time-pm")
}

// englishDate: "November twenty-first, twenty twenty-six".
func englishDate(year, month, day int) []string {
	out := []string{id("month", month), id("o", day)}
	if year == 0 {
		return out
	}
	century, rest := year/100, year%100
	switch {
	case year < 1000 || century%10 == 0 && rest < 10: // two thousand six
		return append(out, englishNumber(year, "")...)
	case rest == 0: // nineteen hundred
		return append(out, id("n", century), "n-hundred")
	case rest < 10: // nineteen oh five
		return append(out, id("n", century), "time-oh", id("n", rest))
	}
	return append(out, id("n", century), id("n", rest))
}
