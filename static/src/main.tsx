import { render } from 'preact';
import icon from './favicon.svg';
import './styles/main.css';

const root = document.getElementById('app');
if (root) render(<img src={icon} alt="Nysa" />, root);
