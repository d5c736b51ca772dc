import { render } from 'preact';
import { watchAttention } from './app/attention';
import { listen } from './app/keyboard';
import { Page } from './app/page';
import { start } from './app/state';
import './styles/main.css';

render(<Page />, document.getElementById('app')!);
listen();
watchAttention();
start();
