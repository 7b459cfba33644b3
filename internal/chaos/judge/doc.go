// Package judge reads what the two fakes wrote down in a round of package
// chaos, and names every promise that the bot broke.
//
// [Read] makes a [History] of the journals. [Judge] is a pure function of it:
//
//	h := judge.Read(setting, slack, uipath)
//	for _, violation := range judge.Judge(h) {
//		fmt.Println(violation)
//	}
//
// A violation names its [Rule] and shows the journal lines that prove it.
// [History.Missing] lists what the bot still owes, so that a round can wait for
// it.
//
// The judge goes by the metadata of messages. phrases.go holds all words that
// it reads besides. What the journals cannot tell is decided in favor of the
// bot: an edit by hand between its read and its write, for example.
package judge
