package tui

// helpPanel explains keys, glyphs and states.
func (m Model) helpPanel(width, height int) panel {
	st := m.styles
	out := panel{"", st.Title.Render(" KEYS"), ""}
	for _, r := range HelpRows() {
		out = append(out, "   "+st.Accent.Render(fit(r.Key, nameWidth, ""))+r.Text)
	}
	out = append(out, "", st.Title.Render(" SIGNS"), "")
	for _, r := range []struct{ sign, text string }{
		{st.Met.Render(st.Tick), "the objective is met"},
		{st.Missed.Render(st.Cross), "the objective is missed"},
		{st.Unknown.Render(st.Query), "no data: neither good nor bad, and nothing rises on it"},
		{st.Candidate.Render(string(st.Levels)), "a trend from 0 to the limit; " + st.NoData + " is no data"},
	} {
		out = append(out, "   "+fit(r.sign, nameWidth, "")+r.text)
	}
	out = append(out, "", st.Title.Render(" WORDS"), "")
	for _, l := range []string{
		"asked    the weight that Perch wrote;  seen: the one that the router serves",
		"hold     the weights stay: data is missing, or somebody holds them",
		"advance  more traffic for the candidate;  withdraw: less",
		"waiting  measuring goes on; the question lapses when the evidence changes",
	} {
		out = append(out, "   "+l)
	}
	return st.block(append(out, "", st.Dim.Render(" esc back")), width, height)
}
