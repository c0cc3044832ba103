/** Jinja templates of common chat formats, by the names that recipes use. */
export const chatTemplates: Readonly<Record<string, string>> = {
  alpaca: [
    "{% for message in messages %}{% if message['role'] == 'user' %}",
    "{{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}",
    "{% elif message['role'] == 'assistant' %}{{ '### Response:\\n' + message['content'] + '\\n\\n' }}",
    "{% else %}{{ message['content'] + '\\n\\n' }}{% endif %}{% endfor %}",
    "{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}",
  ].join(''),
  chatml: [
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}",
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  ].join(''),
  llama3: [
    '{{ bos_token }}{% for message in messages %}',
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}",
    "{{ message['content'] | trim + '<|eot_id|>' }}{% endfor %}",
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
  ].join(''),
  mistral: [
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}",
    "{{ ' ' + message['content'] | trim + eos_token }}",
    "{% else %}{{ '[INST] ' + message['content'] | trim + ' [/INST]' }}{% endif %}{% endfor %}",
  ].join(''),
  exaone: [
    "{% for message in messages %}{{ '[|' + message['role'] + '|]' + message['content'] }}",
    "{{ '\\n' if message['role'] == 'user' else '[|endofturn|]\\n' }}{% endfor %}",
    "{% if add_generation_prompt %}{{ '[|assistant|]' }}{% endif %}",
  ].join(''),
};

/** Shorter text is rather a misspelt name than a template. */
const SHORTEST_TEMPLATE = 20;

/** Whether text is a template itself, and no name of one. */
export const isTemplate = (text: string): boolean => text.length >= SHORTEST_TEMPLATE && text.includes('{');
