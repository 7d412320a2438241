package evidence

import (
	"math"
	"strconv"
	"strings"
)

// String names what is bounded: "error rate", "p95 latency", "mean latency".
func (o Objective) String() string {
	switch o.Kind {
	case Quantile:
		return "p" + number(100*o.Quantile) + " latency"
	case Mean:
		return "mean latency"
	default:
		return "error rate"
	}
}

// format writes a value of the objective with its unit.
func (o Objective) format(v float64) string {
	if o.Kind == ErrorRate {
		return number(100*v) + " %"
	}
	return number(v) + " ms"
}

// number writes three digits that count, and no exponent.
func number(v float64) string {
	if v == 0 || math.Abs(v) >= 100 {
		return Thousands(int64(math.Round(v)))
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	text := strconv.FormatFloat(v, 'f', min(digits, 8), 64)
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// Thousands writes a count with commas, "10,120".
func Thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// About writes a count with two digits that count, "6,000".
func About(n int64) string {
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return Thousands((n + unit/2) / unit * unit)
}

// count writes so many of something: "1 request", "2,400 requests".
func count(n int64) string {
	if n == 1 {
		return "1 request"
	}
	return Thousands(n) + " requests"
}
