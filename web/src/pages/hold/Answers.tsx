// What can go wrong with shares, revenue and licences, and what to do about it.
import { h } from "../../texts/en";
import { Section } from "../../ui/parts";

export function Answers() {
  return (
    <Section title={h.answers.title}>
      <div className="card questions">
        {h.answers.rows.map(([question, answer]) => (
          <details key={question}>
            <summary>
              <strong>{question}</strong>
            </summary>
            <p>{answer}</p>
          </details>
        ))}
      </div>
    </Section>
  );
}
