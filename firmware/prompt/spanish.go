package prompt

// spanishNumber: "treinta y uno", "ciento un mil doscientas una".
func spanishNumber(n int, gender string) []string {
	if n == 0 {
		return []string{"n-0"}
	}
	var out []string
	if thousands := n / 1000; thousands > 0 {
		if thousands > 1 { // "mil", never "un mil"
			out = spanishHundreds(out, thousands, "m", gender)
		}
		out = append(out, "n-thousand")
	}
	if rest := n % 1000; rest > 0 {
		out = spanishHundreds(out, rest, gender, gender)
	}
	return out
}

// spanishHundreds says 1 to 999. one is the form of a final "uno": "" uno, "m"
// un, "f" una; hundreds that of "doscientos".
func spanishHundreds(out []string, n int, one, hundreds string) []string {
	h, rest := n/100, n%100
	switch {
	case n == 100:
		return append(out, "n-100") // cien
	case h == 1:
		out = append(out, "n-hundred") // ciento
	case h > 1 && hundreds == "f":
		out = append(out, id("n", h*100)+"-f")
	case h > 1:
		out = append(out, id("n", h*100))
	}
	if rest == 0 {
		return out
	}
	word := id("n", rest)
	if rest%10 == 1 && rest != 11 && (one == "m" || one == "f") {
		word += "-" + one
	}
	return append(out, word)
}

// spanishTime: "las diez y media de la mañana", "la una de la tarde".
func spanishTime(hour, minute int) []string {
	out := []string{id("time", (hour+11)%12+1)}
	switch minute {
	case 0:
	case 15:
		out = append(out, "time-quarter")
	case 30:
		out = append(out, "time-half")
	default:
		out = append(out, "time-and", id("n", minute))
	}
	switch {
	case hour == 0:
		return append(out, "time-night") // las doce de la noche
	case hour < 6:
		return append(out, "time-small-hours")
	case hour < 12:
		return append(out, "time-morning")
	case hour == 12:
		return append(out, "time-noon")
	case hour < 21:
		return append(out, "time-afternoon")
	}
	return append(out, "time-night")
}

// spanishDate: "veintiuno de noviembre de dos mil veintiséis", "primero de mayo".
func spanishDate(year, month, day int) []string {
	out := []string{id("n", day), id("month", month)}
	if day == 1 {
		out[0] = "date-first"
	}
	if year > 0 {
		out = append(append(out, "date-of"), spanishNumber(year, "")...)
	}
	return out
}
